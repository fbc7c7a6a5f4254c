// SPDX-License-Identifier: Apache-2.0
package io.strata.driver.local;

import io.strata.host.Disk;
import io.strata.host.Disks;
import io.strata.host.FilesystemType;
import io.strata.host.Filesystems;
import io.strata.host.HostDevice;
import io.strata.host.HostRoot;
import io.strata.host.InUse;
import io.strata.host.Privileges;
import io.strata.spi.ErrorCode;
import io.strata.spi.Repository;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// SRs on disks that are formatted and mounted: what `ext` and `xfs` have in common.
final class DiskSr {
  private static final System.Logger LOG = System.getLogger(DiskSr.class.getName());

  private final Disks disks;
  private final Filesystems filesystems;
  private final DiskInspector inspector;
  private final MountRoot mountRoot;

  DiskSr(Disks disks, Filesystems filesystems, MountRoot mountRoot) {
    this.disks = disks;
    this.filesystems = filesystems;
    this.inspector = new DiskInspector(filesystems);
    this.mountRoot = mountRoot;
  }

  /// Formats the disk and marks it. Each step is repeated without harm: a disk that has the SR's
  /// filesystem is not formatted again.
  void create(SrUuid sr, DiskConfig config) throws StorageException {
    HostDevice device = named(config);
    requirePrivileges();
    Path mountPoint = mountRoot.mountPoint(sr);
    if (!isMountedOnlyAt(device, mountPoint)) {
      formatUnlessDone(device, sr, config);
    }
    FilesystemType type = typeOf(device);
    filesystems.mount(device, type, mountPoint);
    try {
      new SrFolder(mountPoint).claim(sr);
    } catch (StorageException failed) {
      unmountAfter(failed, mountPoint);
      throw failed;
    }
    filesystems.unmount(mountPoint);
  }

  Repository attach(SrUuid sr, DiskConfig config) throws StorageException {
    requirePrivileges();
    HostDevice device = locate(sr, config);
    Path mountPoint = mountRoot.mountPoint(sr);
    requireNotUsedElsewhere(device, mountPoint);
    filesystems.mount(device, typeOf(device), mountPoint);
    try {
      return new SrFolder(mountPoint).open(sr, () -> filesystems.unmount(mountPoint));
    } catch (StorageException | RuntimeException failed) {
      unmountAfter(failed, mountPoint);
      throw failed;
    }
  }

  /// Empties the SR and makes the disk blank again.
  void destroy(SrUuid sr, DiskConfig config) throws StorageException {
    requirePrivileges();
    if (isBlank(config)) {
      return;
    }
    HostDevice device = locate(sr, config);
    Path mountPoint = mountRoot.mountPoint(sr);
    requireNotUsedElsewhere(device, mountPoint);
    filesystems.mount(device, typeOf(device), mountPoint);
    try {
      new SrFolder(mountPoint).clear(sr);
    } catch (StorageException failed) {
      unmountAfter(failed, mountPoint);
      throw failed;
    }
    filesystems.unmount(mountPoint);
    filesystems.wipe(device.device());
  }

  /// A destroy that a crash cut off after its last step finds the named disk blank.
  private boolean isBlank(DiskConfig config) throws StorageException {
    Optional<HostDevice> device = disks.find(config.device());
    return device.isPresent() && inspector.judge(device.get()) instanceof Verdict.Blank;
  }

  private void formatUnlessDone(HostDevice device, SrUuid sr, DiskConfig config)
      throws StorageException {
    switch (inspector.judge(device)) {
      case Verdict.Refused(StorageException why) -> throw why;
      case Verdict.HoldsSr(SrUuid owner) -> requireOwner(device, owner, sr);
      case Verdict.Blank() -> format(device, sr, config);
      case Verdict.HoldsForeign(var content) -> {
        if (!config.force()) {
          throw new StorageException(
              ErrorCode.CONFIG_DEVICE_INVALID,
              device.device() + " holds data: " + content.description() + ".",
              "Choose another, or give device-config:force=true if all of it may be lost.");
        }
        LOG.log(
            System.Logger.Level.WARNING,
            "SR {0}: overwriting {1} on {2}, as device-config:force says",
            sr,
            content.description(),
            device.device());
        format(device, sr, config);
      }
    }
  }

  private void format(HostDevice device, SrUuid sr, DiskConfig config) throws StorageException {
    LOG.log(
        System.Logger.Level.INFO,
        "SR {0}: formatting {1} ({2} bytes) with {3}",
        sr,
        device.device(),
        Long.toString(device.sizeBytes()),
        config.filesystem().kernelName());
    filesystems.format(device.device(), config.filesystem(), sr.value(), DiskInspector.LABEL);
  }

  /// The disk that holds the SR. The one that the configuration names, if it is that; else
  /// whichever holds it, as names change when disks come and go.
  private HostDevice locate(SrUuid sr, DiskConfig config) throws StorageException {
    Optional<HostDevice> named = disks.find(config.device());
    if (named.isPresent() && holds(named.get(), sr)) {
      return named.get();
    }
    List<HostDevice> holders = new ArrayList<>();
    for (HostDevice candidate : Disks.devices(disks.list()).toList()) {
      if (holds(candidate, sr)) {
        holders.add(candidate);
      }
    }
    if (holders.size() == 1) {
      LOG.log(
          System.Logger.Level.WARNING,
          "SR {0} is on {1}, not on {2} as its PBD says",
          sr,
          holders.getFirst().device(),
          config.device());
      return holders.getFirst();
    }
    throw notOne(sr, config, holders);
  }

  private static StorageException notOne(SrUuid sr, DiskConfig config, List<HostDevice> holders) {
    if (holders.isEmpty()) {
      return new StorageException(
          ErrorCode.SR_UNAVAILABLE,
          "SR " + sr + " is neither on " + config.device() + " nor on any other disk of this host.",
          "Connect its disk; sr-probe type=ext lists the SRs that are found.");
    }
    return new StorageException(
        ErrorCode.SR_UNAVAILABLE,
        "Several disks claim to be SR "
            + sr
            + ": "
            + holders.stream().map(HostDevice::device).toList()
            + ".",
        "One is a copy of the other: disconnect the copy, or name the right one in"
            + " device-config:device.");
  }

  /// A disk that can't be read holds nothing that could be used.
  private boolean holds(HostDevice device, SrUuid sr) {
    if (device instanceof Disk disk && !disk.partitions().isEmpty()) {
      return false;
    }
    try {
      return inspector.sr(device).equals(Optional.of(sr));
    } catch (StorageException unreadable) {
      LOG.log(System.Logger.Level.DEBUG, "passing over {0}: {1}", device, unreadable.what());
      return false;
    }
  }

  private HostDevice named(DiskConfig config) throws StorageException {
    return disks
        .find(config.device())
        .orElseThrow(() ->
            new StorageException(
                ErrorCode.CONFIG_DEVICE_INVALID,
                config.device() + " is no disk or partition of this host, or has no medium.",
                "Choose one that sr-probe type=ext lists."));
  }

  private FilesystemType typeOf(HostDevice device) throws StorageException {
    return filesystems
        .signature(device.device())
        .flatMap(content -> FilesystemType.named(content.type()))
        .orElseThrow(() ->
            new StorageException(
                ErrorCode.LVM_FILESYSTEM,
                device.device() + " holds no ext4 or xfs filesystem.",
                "Check the disk; if its SR is lost, forget it and create another."));
  }

  private static void requireOwner(HostDevice device, SrUuid owner, SrUuid sr)
      throws StorageException {
    if (!owner.equals(sr)) {
      throw new StorageException(
          ErrorCode.SR_IN_USE,
          device.device() + " holds SR " + owner + ".",
          "Introduce that SR to use it, or destroy it before its disk is used for another.");
    }
  }

  private static void requireNotUsedElsewhere(HostDevice device, Path mountPoint)
      throws StorageException {
    List<InUse> uses = DiskInspector.uses(device);
    if (!uses.isEmpty() && !isMountedOnlyAt(device, mountPoint)) {
      throw new StorageException(
          ErrorCode.SR_IN_USE,
          device.device() + " is in use: " + DiskInspector.reasons(uses) + ".",
          "Free it there first; an SR is mounted by one daemon of a host only.");
    }
  }

  /// As after a crash, or while the SR is attached.
  private static boolean isMountedOnlyAt(HostDevice device, Path mountPoint) {
    List<InUse> uses = DiskInspector.uses(device);
    return !uses.isEmpty()
        && uses.stream()
            .allMatch(use -> use instanceof InUse.Mounted(Path at, _) && at.equals(mountPoint));
  }

  private static void requirePrivileges() throws StorageException {
    if (!Privileges.mayMount(HostRoot.live())) {
      throw new StorageException(
          ErrorCode.LVM_MOUNT,
          "This daemon may not mount filesystems: it lacks the right CAP_SYS_ADMIN.",
          "Run it as root, or mount the disk yourself and use an SR of type file in a folder"
              + " on it.");
    }
  }

  private void unmountAfter(Exception failure, Path mountPoint) {
    try {
      filesystems.unmount(mountPoint);
    } catch (StorageException alsoFailed) {
      failure.addSuppressed(alsoFailed);
    }
  }
}
