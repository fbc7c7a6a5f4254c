// SPDX-License-Identifier: Apache-2.0
package io.strata.host;

import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// Looks at, makes, mounts and unmounts filesystems, with the host's own tools. Stateless.
public final class Filesystems {
  private static final Duration FORMAT_TIMEOUT = Duration.ofMinutes(15);

  /// Long, as mounting may replay a journal.
  private static final Duration MOUNT_TIMEOUT = Duration.ofMinutes(5);

  private static final String MOUNT_OPTIONS = "rw,nosuid,nodev,noexec";

  private final ProcessRunner runner;
  private final Blkid blkid;

  /// @param runner starts the tools
  public Filesystems(ProcessRunner runner) {
    this.runner = runner;
    this.blkid = new Blkid(runner);
  }

  /// What a device holds; empty for one that looks blank.
  ///
  /// @throws StorageException [ErrorCode#INVALID_DEV] where it can't be read
  public Optional<Signature> signature(Path device) throws StorageException {
    return blkid.look(device);
  }

  /// Formats a device. **Everything on it is lost**; the caller has checked that this is wanted.
  ///
  /// @param uuid identity of the new filesystem
  /// @throws StorageException [ErrorCode#LVM_FILESYSTEM] with the tool's own words
  public void format(Path device, FilesystemType type, UUID uuid, String label)
      throws StorageException {
    if (label.getBytes(StandardCharsets.UTF_8).length > type.maxLabelBytes()) {
      throw new IllegalArgumentException(
          "label '" + label + "' is longer than " + type.maxLabelBytes() + " bytes");
    }
    // Remains of older content elsewhere on the device would make it ambiguous.
    wipe(device);
    run(
        type.mkfs(uuid, label, device.toString()),
        FORMAT_TIMEOUT,
        ErrorCode.LVM_FILESYSTEM,
        "Check that " + device + " is large enough and healthy, and look at the kernel's log.");
  }

  /// Makes a device look blank: every signature on it is overwritten.
  ///
  /// @throws StorageException [ErrorCode#LVM_FILESYSTEM] with the tool's own words
  public void wipe(Path device) throws StorageException {
    run(
        List.of("wipefs", "-a", "-q", "--", device.toString()),
        FORMAT_TIMEOUT,
        ErrorCode.LVM_FILESYSTEM,
        "Check that nothing uses " + device + " and that it can be written.");
  }

  /// Mounts a device with `nosuid,nodev,noexec`. Does nothing where it is mounted there already.
  ///
  /// @param mountPoint made, for the daemon's user alone, where it is absent
  /// @throws StorageException [ErrorCode#LVM_MOUNT]
  public void mount(HostDevice device, FilesystemType type, Path mountPoint)
      throws StorageException {
    Optional<Mount> present = Mounts.read(HostRoot.live()).at(mountPoint);
    if (present.isPresent()) {
      requireSame(present.get(), device);
      return;
    }
    makeMountPoint(mountPoint);
    run(
        List.of(
            "mount",
            "-t",
            type.kernelName(),
            "-o",
            MOUNT_OPTIONS,
            "--",
            device.device().toString(),
            mountPoint.toString()),
        MOUNT_TIMEOUT,
        ErrorCode.LVM_MOUNT,
        "Check "
            + device.device()
            + " with fsck."
            + type.kernelName()
            + " -n, and that the daemon runs as root with the right to mount.");
  }

  /// Unmounts what is mounted at a place and removes the empty mount point. Does nothing where
  /// nothing is mounted.
  ///
  /// @throws StorageException [ErrorCode#LVM_UN_MOUNT], mostly as files on it are open
  public void unmount(Path mountPoint) throws StorageException {
    if (Mounts.read(HostRoot.live()).at(mountPoint).isPresent()) {
      run(
          List.of("umount", "--", mountPoint.toString()),
          MOUNT_TIMEOUT,
          ErrorCode.LVM_UN_MOUNT,
          "Detach its VDIs and close the files on it ('fuser -vm "
              + mountPoint
              + "' names who"
              + " has them), then unplug again.");
    }
    try {
      Files.deleteIfExists(mountPoint);
    } catch (IOException notOurs) {
      throw new StorageException(
          ErrorCode.LVM_UN_MOUNT,
          "The mount point " + mountPoint + " can't be removed: " + notOurs + ".",
          "Look what lies in that folder and move it away.",
          notOurs);
    }
  }

  private void run(List<String> argv, Duration timeout, ErrorCode code, String remedy)
      throws StorageException {
    runner.run(Command.of(argv).within(timeout)).orThrow(code, remedy);
  }

  private static void requireSame(Mount present, HostDevice device) throws StorageException {
    if (!present.device().equals(device.number())) {
      throw new StorageException(
          ErrorCode.LVM_MOUNT,
          present.source()
              + " is mounted at "
              + present.mountPoint()
              + ", where "
              + device.device()
              + " is to be mounted.",
          "Unmount it with 'umount " + present.mountPoint() + "', then try again.");
    }
  }

  private static void makeMountPoint(Path mountPoint) throws StorageException {
    try {
      Files.createDirectories(
          mountPoint,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    } catch (IOException failed) {
      throw new StorageException(
          ErrorCode.LVM_MOUNT,
          "The mount point " + mountPoint + " can't be made: " + failed + ".",
          "Check that the daemon may write to " + mountPoint.getParent() + ".",
          failed);
    }
  }
}
