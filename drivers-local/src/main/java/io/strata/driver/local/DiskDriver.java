// SPDX-License-Identifier: Apache-2.0
package io.strata.driver.local;

import io.strata.host.Disks;
import io.strata.host.FilesystemType;
import io.strata.host.Filesystems;
import io.strata.spi.DeviceConfig;
import io.strata.spi.DriverDescription;
import io.strata.spi.ProbeResult;
import io.strata.spi.Repository;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import java.util.Optional;

/// The calls of a driver for disks, with the configuration read for each.
final class DiskDriver {
  private final FilesystemType usual;
  private final DiskSr sr;
  private final DiskProbe probe;

  /// @param usual the filesystem where the configuration names none
  DiskDriver(FilesystemType usual, Disks disks, Filesystems filesystems, MountRoot mountRoot) {
    this.usual = usual;
    this.sr = new DiskSr(disks, filesystems, mountRoot);
    this.probe = new DiskProbe(disks, new DiskInspector(filesystems));
  }

  DriverDescription describe(String type, String name, String text) {
    return new DriverDescription(
        type,
        name,
        text,
        "Strata",
        "1.0",
        false,
        DirectoryCapabilities.ALL,
        DiskConfig.keys(usual == FilesystemType.EXT4));
  }

  ProbeResult probe(DeviceConfig config) throws StorageException {
    Optional<String> device = config.get(DiskConfig.DEVICE);
    return device.isEmpty()
        ? probe.all(config)
        : probe.one(config, DiskConfig.of(config, usual).device());
  }

  void create(SrUuid uuid, DeviceConfig config) throws StorageException {
    sr.create(uuid, DiskConfig.of(config, usual));
  }

  Repository attach(SrUuid uuid, DeviceConfig config) throws StorageException {
    return sr.attach(uuid, DiskConfig.of(config, usual));
  }

  void destroy(SrUuid uuid, DeviceConfig config) throws StorageException {
    sr.destroy(uuid, DiskConfig.of(config, usual));
  }
}
