// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.block.Container;
import io.strata.spi.Capability;
import io.strata.spi.DeviceConfig;
import io.strata.spi.DriverDescription;
import io.strata.spi.ErrorCode;
import io.strata.spi.ProbeResult;
import io.strata.spi.Repository;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageDriver;
import io.strata.spi.StorageException;
import io.strata.store.VhdRepository;
import java.io.IOException;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;

/// A driver of SRs in folders of simulated storage, each of which a marker says is there.
final class SimulatedDriver implements StorageDriver {
  static final String TYPE = "sim-crash";
  static final String MARKER = ".strata-sr";

  /// What an SR's names begin with, in its configuration.
  static final String FOLDER = "folder";

  private final SimulatedStorage storage;
  private final Runnable observer;

  /// @param observer runs before each step on the storage
  SimulatedDriver(SimulatedStorage storage, Runnable observer) {
    this.storage = storage;
    this.observer = observer;
  }

  @Override
  public DriverDescription describe() {
    return new DriverDescription(
        TYPE,
        "Simulator: power cuts",
        "VHDs on storage whose power is cut",
        "Strata",
        "1.0",
        true,
        EnumSet.allOf(Capability.class),
        List.of());
  }

  @Override
  public ProbeResult probe(DeviceConfig config) {
    return new ProbeResult(List.of());
  }

  @Override
  public void create(SrUuid sr, DeviceConfig config) throws StorageException {
    SimulatedStore store = store(config);
    try {
      if (!store.exists(MARKER)) {
        try (Container marker = store.create(MARKER)) {
          marker.flush();
        }
      }
      store.sync();
    } catch (IOException failed) {
      throw unavailable(failed);
    }
  }

  @Override
  public Repository attach(SrUuid sr, DeviceConfig config) throws StorageException {
    SimulatedStore store = store(config);
    if (!store.exists(MARKER)) {
      throw unavailable(new IOException("no marker"));
    }
    return new VhdRepository(store);
  }

  @Override
  public void destroy(SrUuid sr, DeviceConfig config) {
    SimulatedStore store = store(config);
    storage.describe(folder(config), Optional.empty());
    store.delete(MARKER);
    store.sync();
  }

  private SimulatedStore store(DeviceConfig config) {
    return new SimulatedStore(storage, folder(config), observer);
  }

  private static String folder(DeviceConfig config) {
    return config.get(FOLDER).orElse(SimulatedStore.ROOT);
  }

  private static StorageException unavailable(IOException failed) {
    return new StorageException(
        ErrorCode.SR_UNAVAILABLE, "The storage can't be used.", "Run the test again.", failed);
  }
}
