// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.block.Container;
import io.strata.block.sim.FaultPlan;
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

/// SRs of VHDs on storage whose I/O fails by plan, also while they are made and destroyed.
final class FaultyDriver implements StorageDriver {
  /// Which storage an SR is on.
  static final String STORAGE_KEY = "storage";

  private final FaultyStorages storages;
  private final FaultPlan plan;

  FaultyDriver(FaultyStorages storages, FaultPlan plan) {
    this.storages = storages;
    this.plan = plan;
  }

  private FaultyStore store(DeviceConfig config) {
    return new FaultyStore(storages.named(config.values().getOrDefault(STORAGE_KEY, "")), plan);
  }

  @Override
  public DriverDescription describe() {
    return new SimulatedDriver(storages.named(""), () -> {}).describe();
  }

  @Override
  public ProbeResult probe(DeviceConfig config) {
    return new SimulatedDriver(storages.named(""), () -> {}).probe(config);
  }

  @Override
  public void create(SrUuid sr, DeviceConfig config) throws StorageException {
    try (FaultyStore store = store(config)) {
      if (!store.exists(SimulatedDriver.MARKER)) {
        try (Container marker = store.create(SimulatedDriver.MARKER)) {
          marker.flush();
        }
      }
      store.sync();
    } catch (IOException failed) {
      throw failure(ErrorCode.FILE_SR_CREATE, failed);
    }
  }

  @Override
  public Repository attach(SrUuid sr, DeviceConfig config) throws StorageException {
    FaultyStore store = store(config);
    try {
      if (store.exists(SimulatedDriver.MARKER)) {
        return new VhdRepository(store);
      }
    } catch (IOException failed) {
      throw failure(ErrorCode.SR_UNAVAILABLE, failed);
    }
    throw failure(ErrorCode.SR_UNAVAILABLE, new IOException("no SR is there"));
  }

  @Override
  public void destroy(SrUuid sr, DeviceConfig config) throws StorageException {
    try (FaultyStore store = store(config)) {
      if (!store.exists(SimulatedDriver.MARKER)) {
        return;
      }
      store.forgetMetadata();
      // Last: until then it can be seen that there is something to destroy.
      store.delete(SimulatedDriver.MARKER);
      store.sync();
    } catch (IOException failed) {
      throw failure(ErrorCode.FILE_SR_DELETE, failed);
    }
  }

  private static StorageException failure(ErrorCode code, IOException failed) {
    return new StorageException(
        code, "The storage failed: " + failed.getMessage() + ".", "Try again.", failed);
  }
}
