// SPDX-License-Identifier: Apache-2.0
package io.strata.simulator;

import io.strata.spi.Capability;
import io.strata.spi.DeviceConfig;
import io.strata.spi.DriverDescription;
import io.strata.spi.ErrorCode;
import io.strata.spi.ProbeResult;
import io.strata.spi.Repository;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageDriver;
import io.strata.spi.StorageException;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Set;

/// SR type `sim-array`: a **simulator** of an array that keeps volumes, snapshots and clones by
/// itself. No VHD is involved.
public final class ArrayDriver implements StorageDriver {

  /// For `java.util.ServiceLoader`.
  public ArrayDriver() {}

  @Override
  public DriverDescription describe() {
    return new DriverDescription(
        "sim-array",
        "Simulator: array",
        "Simulator of an array with thin volumes, snapshots and clones of its own",
        "Strata",
        "1.0",
        true,
        Set.of(
            Capability.SR_PROBE,
            Capability.SR_SCAN,
            Capability.VDI_CREATE,
            Capability.VDI_DELETE,
            Capability.VDI_ATTACH,
            Capability.VDI_DETACH,
            Capability.VDI_ACTIVATE,
            Capability.VDI_DEACTIVATE,
            Capability.VDI_CLONE,
            Capability.VDI_SNAPSHOT,
            Capability.VDI_RESIZE,
            Capability.THIN_PROVISIONING,
            Capability.ATOMIC_PAUSE),
        List.of(SimulatedPlace.LOCATION, SimulatedPlace.SIZE));
  }

  @Override
  public ProbeResult probe(DeviceConfig config) throws StorageException {
    SimulatedPlace.sizeBytes(config);
    return SimulatedPlace.of(config).probe(config);
  }

  @Override
  public void create(SrUuid sr, DeviceConfig config) throws StorageException {
    SimulatedPlace.sizeBytes(config);
    SimulatedPlace.of(config).claim(sr);
  }

  @Override
  public Repository attach(SrUuid sr, DeviceConfig config) throws StorageException {
    SimulatedPlace place = SimulatedPlace.of(config);
    place.require(sr);
    try {
      return new ArrayRepository(
          SimulatedArray.open(place.path(), SimulatedPlace.sizeBytes(config)));
    } catch (IOException failed) {
      throw new StorageException(
          ErrorCode.SR_UNAVAILABLE,
          "The simulated array in " + place.path() + " can't be read: " + failed + ".",
          "Check the folder.",
          failed);
    }
  }

  @Override
  public void destroy(SrUuid sr, DeviceConfig config) throws StorageException {
    SimulatedPlace place = SimulatedPlace.of(config);
    if (Files.isDirectory(place.path())) {
      place.clear(sr);
    }
  }
}
