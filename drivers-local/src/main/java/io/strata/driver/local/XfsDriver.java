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

/// SR type `xfs`: what [ExtDriver] does, with XFS. Needs root.
public final class XfsDriver implements StorageDriver {
  private final DiskDriver disk;

  /// For `java.util.ServiceLoader`: the disks of the running host.
  public XfsDriver() {
    this(Disks.live(), new Filesystems(new ProcessRunner()), MountRoot.ofThisDaemon());
  }

  XfsDriver(Disks disks, Filesystems filesystems, MountRoot mountRoot) {
    this.disk = new DiskDriver(FilesystemType.XFS, disks, filesystems, mountRoot);
  }

  @Override
  public DriverDescription describe() {
    return disk.describe(
        "xfs",
        "Local disk with XFS",
        "VHD disks as files on a disk of this host, formatted with XFS");
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
