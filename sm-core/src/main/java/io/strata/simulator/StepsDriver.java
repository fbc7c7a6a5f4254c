// SPDX-License-Identifier: Apache-2.0
package io.strata.simulator;

import io.strata.spi.Capability;
import io.strata.spi.DeviceConfig;
import io.strata.spi.DriverDescription;
import io.strata.spi.DriverDescription.ConfigKey;
import io.strata.spi.ErrorCode;
import io.strata.spi.ProbeResult;
import io.strata.spi.Repository;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageDriver;
import io.strata.spi.StorageException;
import io.strata.store.DirectoryStore;
import io.strata.store.VhdRepository;
import java.nio.file.Files;
import java.util.List;
import java.util.Set;

/// SR type `sim-steps`: a **simulator** of VHDs in volumes that grow in coarse steps out of a
/// bounded pool, as volumes on a LUN do.
public final class StepsDriver implements StorageDriver {
  private static final ConfigKey STEP =
      new ConfigKey("step", "bytes by which a volume grows; 4 MiB if not given", false);
  private static final long DEFAULT_STEP_BYTES = 4L << 20;
  private static final long SMALLEST_STEP_BYTES = 1L << 20;

  /// For `java.util.ServiceLoader`.
  public StepsDriver() {}

  @Override
  public DriverDescription describe() {
    return new DriverDescription(
        "sim-steps",
        "Simulator: coarse steps",
        "Simulator of VHDs in volumes that grow in coarse steps out of a bounded pool",
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
        List.of(SimulatedPlace.LOCATION, SimulatedPlace.SIZE, STEP));
  }

  @Override
  public ProbeResult probe(DeviceConfig config) throws StorageException {
    check(config);
    return SimulatedPlace.of(config).probe(config);
  }

  @Override
  public void create(SrUuid sr, DeviceConfig config) throws StorageException {
    check(config);
    SimulatedPlace.of(config).claim(sr);
  }

  @Override
  public Repository attach(SrUuid sr, DeviceConfig config) throws StorageException {
    check(config);
    SimulatedPlace place = SimulatedPlace.of(config);
    place.require(sr);
    return new VhdRepository(
        new SteppedStore(
            new DirectoryStore(place.path()), stepBytes(config), SimulatedPlace.sizeBytes(config)));
  }

  @Override
  public void destroy(SrUuid sr, DeviceConfig config) throws StorageException {
    SimulatedPlace place = SimulatedPlace.of(config);
    if (Files.isDirectory(place.path())) {
      place.clear(sr);
    }
  }

  private static void check(DeviceConfig config) throws StorageException {
    SimulatedPlace.sizeBytes(config);
    stepBytes(config);
  }

  private static long stepBytes(DeviceConfig config) throws StorageException {
    long step = SimulatedPlace.bytes(config, STEP, DEFAULT_STEP_BYTES);
    if (step % SMALLEST_STEP_BYTES != 0) {
      throw new StorageException(
          ErrorCode.CONFIG_DEVICE_INVALID,
          "device-config:step " + step + " is no multiple of " + SMALLEST_STEP_BYTES + ".",
          "Give whole MiB, in bytes.");
    }
    return step;
  }
}
