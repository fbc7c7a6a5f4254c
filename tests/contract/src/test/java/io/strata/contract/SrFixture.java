// SPDX-License-Identifier: Apache-2.0
package io.strata.contract;

import io.strata.block.BlockDevice;
import io.strata.spi.AccessMode;
import io.strata.spi.Clones.CloneSpec;
import io.strata.spi.DeviceConfig;
import io.strata.spi.Repository;
import io.strata.spi.Snapshots.SnapshotSpec;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageDriver;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.Volume;
import io.strata.spi.VolumeSpec;
import java.util.ServiceLoader;

/// An SR of one driver: created, attached, and attached again as after a restart.
final class SrFixture implements AutoCloseable {
  final StorageDriver driver;
  final SrUuid sr = SrUuid.random();
  private final DeviceConfig config;
  private Repository repository;

  private SrFixture(StorageDriver driver, DeviceConfig config) throws StorageException {
    this.driver = driver;
    this.config = config;
    driver.create(sr, config);
    repository = driver.attach(sr, config);
  }

  static SrFixture create(String type, DeviceConfig config) throws StorageException {
    return new SrFixture(driver(type), config);
  }

  /// The driver of a type, as the manager finds it.
  static StorageDriver driver(String type) {
    return ServiceLoader.load(StorageDriver.class).stream()
        .map(ServiceLoader.Provider::get)
        .filter(d -> d.describe().type().equals(type))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no driver of type " + type + " is registered"));
  }

  Repository repository() {
    return repository;
  }

  DeviceConfig config() {
    return config;
  }

  void reattach() throws StorageException {
    repository.close();
    repository = driver.attach(sr, config);
  }

  VdiUuid create(long sizeBytes) throws StorageException {
    VdiUuid vdi = VdiUuid.random();
    repository.create(vdi, new VolumeSpec(sizeBytes, Volume.Kind.VHD));
    return vdi;
  }

  BlockDevice open(VdiUuid vdi, AccessMode mode) throws StorageException {
    return repository.open(vdi, mode);
  }

  VdiUuid snapshot(VdiUuid vdi) throws StorageException {
    VdiUuid snapshot = VdiUuid.random();
    var prepared =
        repository
            .snapshots()
            .orElseThrow()
            .prepare(new SnapshotSpec(vdi, snapshot, VdiUuid.random()));
    prepared.commit();
    prepared.release();
    return snapshot;
  }

  VdiUuid clone(VdiUuid vdi) throws StorageException {
    VdiUuid copy = VdiUuid.random();
    repository.clones().orElseThrow().clone(new CloneSpec(vdi, copy, VdiUuid.random()));
    return copy;
  }

  /// What a user sees: no hidden nodes.
  long visible() throws StorageException {
    return repository.scan().stream().filter(v -> !v.hidden()).count();
  }

  @Override
  public void close() throws StorageException {
    repository.close();
  }
}
