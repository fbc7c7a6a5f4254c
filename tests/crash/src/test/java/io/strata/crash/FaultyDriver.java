// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.block.sim.FaultPlan;
import io.strata.spi.DeviceConfig;
import io.strata.spi.DriverDescription;
import io.strata.spi.ProbeResult;
import io.strata.spi.Repository;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageDriver;
import io.strata.spi.StorageException;
import io.strata.store.VhdRepository;

/// SRs of VHDs on storage whose I/O fails by plan once they are attached.
final class FaultyDriver implements StorageDriver {
  private final SimulatedDriver sound;
  private final SimulatedStorage storage;
  private final FaultPlan plan;

  FaultyDriver(SimulatedStorage storage, FaultPlan plan) {
    this.sound = new SimulatedDriver(storage, () -> {});
    this.storage = storage;
    this.plan = plan;
  }

  @Override
  public DriverDescription describe() {
    return sound.describe();
  }

  @Override
  public ProbeResult probe(DeviceConfig config) {
    return sound.probe(config);
  }

  @Override
  public void create(SrUuid sr, DeviceConfig config) throws StorageException {
    sound.create(sr, config);
  }

  @Override
  public Repository attach(SrUuid sr, DeviceConfig config) throws StorageException {
    return new VhdRepository(new FaultyStore(storage, plan));
  }

  @Override
  public void destroy(SrUuid sr, DeviceConfig config) throws StorageException {
    sound.destroy(sr, config);
  }
}
