// SPDX-License-Identifier: Apache-2.0
package io.strata.driver.local;

import io.strata.host.Disks;
import io.strata.host.FilesystemType;
import io.strata.host.Filesystems;
import io.strata.host.ProcessRunner;
import io.strata.spi.DeviceConfig;
import io.strata.spi.DriverDescription;
import io.strata.spi.ProbeResult;
import io.strata.spi.Repository;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageDriver;
import io.strata.spi.StorageException;

/// SR type `ext`: VHD files on a local disk or partition that is formatted with ext4, or with XFS
/// by `device-config:fs=xfs`. Needs root.
public final class ExtDriver implements StorageDriver {
  private final DiskDriver disk;

  /// For `java.util.ServiceLoader`: the disks of the running host.
  public ExtDriver() {
    this(Disks.live(), new Filesystems(new ProcessRunner()), MountRoot.ofThisDaemon());
  }

  ExtDriver(Disks disks, Filesystems filesystems, MountRoot mountRoot) {
    this.disk = new DiskDriver(FilesystemType.EXT4, disks, filesystems, mountRoot);
  }

  @Override
  public DriverDescription describe() {
    return disk.describe(
        "ext",
        "Local disk",
        "VHD disks as files on a disk of this host, formatted with ext4 or XFS");
  }

  @Override
  public ProbeResult probe(DeviceConfig config) throws StorageException {
    return disk.probe(config);
  }

  @Override
  public void create(SrUuid sr, DeviceConfig config) throws StorageException {
    disk.create(sr, config);
  }

  @Override
  public Repository attach(SrUuid sr, DeviceConfig config) throws StorageException {
    return disk.attach(sr, config);
  }

  @Override
  public void destroy(SrUuid sr, DeviceConfig config) throws StorageException {
    disk.destroy(sr, config);
  }
}
