// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.spi.Capability;
import io.strata.spi.DeviceConfig;
import io.strata.spi.DriverDescription;
import io.strata.spi.ErrorCode;
import io.strata.spi.ProbeResult;
import io.strata.spi.Repository;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageDriver;
import io.strata.spi.StorageException;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A driver for [MemoryStorage].
final class MemoryDriver implements StorageDriver {
  private final MemoryStorage storage;
  private final Faults faults;

  MemoryDriver(MemoryStorage storage, Faults faults) {
    this.storage = storage;
    this.faults = faults;
  }

  static DeviceConfig at(String location) {
    return new DeviceConfig(Map.of("location", location));
  }

  @Override
  public DriverDescription describe() {
    return new DriverDescription(
        "memory",
        "Memory",
        "Disks in memory, for tests",
        "Strata",
        "1",
        true,
        EnumSet.allOf(Capability.class),
        List.of(new DriverDescription.ConfigKey("location", "where", true)));
  }

  @Override
  public ProbeResult probe(DeviceConfig config) throws StorageException {
    MemoryStorage.Place place = place(config);
    return new ProbeResult(List.of(new ProbeResult.Candidate(config, true, place.sr, Map.of())));
  }

  @Override
  public void create(SrUuid sr, DeviceConfig config) throws StorageException {
    faults.before("driver.create");
    synchronized (storage) {
      MemoryStorage.Place place = place(config);
      if (place.sr.isPresent() && !place.sr.get().equals(sr)) {
        throw new StorageException(
            ErrorCode.SR_IN_USE, "SR " + place.sr.get() + " lives there.", "Give another place.");
      }
      place.sr = Optional.of(sr);
    }
  }

  @Override
  public Repository attach(SrUuid sr, DeviceConfig config) throws StorageException {
    faults.before("driver.attach");
    synchronized (storage) {
      MemoryStorage.Place place = place(config);
      if (!place.reachable || !place.sr.equals(Optional.of(sr))) {
        throw new StorageException(
            ErrorCode.SR_UNAVAILABLE, "SR " + sr + " is not at " + config + ".", "Look there.");
      }
      place.attached = true;
      place.nodes.values().forEach(node -> node.writers = 0);
      return new MemoryRepository(storage, place, faults);
    }
  }

  @Override
  public void destroy(SrUuid sr, DeviceConfig config) throws StorageException {
    faults.before("driver.destroy");
    synchronized (storage) {
      MemoryStorage.Place place = place(config);
      if (place.sr.equals(Optional.of(sr))) {
        place.sr = Optional.empty();
        place.nodes.clear();
        place.metadata = new byte[0];
      }
    }
    faults.before("driver.destroyed");
  }

  private MemoryStorage.Place place(DeviceConfig config) throws StorageException {
    String location = config.require("location", ErrorCode.CONFIG_LOCATION_MISSING);
    MemoryStorage.Place place = storage.places.get(location);
    if (place == null) {
      throw new StorageException(
          ErrorCode.INVALID_DEV, "There is no place " + location + ".", "Give one that is.");
    }
    return place;
  }
}
