// SPDX-License-Identifier: Apache-2.0
package io.strata.driver.local;

import io.strata.block.FileSystemSync;
import io.strata.spi.DeviceConfig;
import io.strata.spi.ErrorCode;
import io.strata.spi.Messages;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/// `device-config:location`, checked: an absolute folder, or a place for one, that is reached
/// through no symbolic link and lies in no other SR.
///
/// @param path absolute, without `.` and `..`
record SrLocation(Path path) {
  private static final String KEY = "location";

  /// Filesystems of the kernel's own, which can't hold data.
  private static final Set<String> PSEUDO_FILESYSTEMS =
      Set.of("proc", "sysfs", "devtmpfs", "devpts", "cgroup", "cgroup2", "securityfs", "debugfs");

  /// Reads the location and checks what can be checked by looking.
  static SrLocation of(DeviceConfig config) throws StorageException {
    String text = config.require(KEY, ErrorCode.CONFIG_LOCATION_MISSING);
    SrLocation location = new SrLocation(parse(text));
    location.requireNoSymbolicLink();
    location.requireFolderOrItsPlace();
    location.requireOutsideOtherSrs();
    return location;
  }

  /// Whether the folder is there already.
  boolean exists() {
    return Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS);
  }

  /// The folder, made where it is absent. Its parent is never made: a missing one mostly means that
  /// something is not mounted.
  SrFolder make() throws StorageException {
    if (!exists()) {
      try {
        Files.createDirectory(path, OwnerOnly.FOLDER);
        FileSystemSync.ofFolder(parent());
      } catch (IOException failed) {
        throw new StorageException(
            ErrorCode.FILE_SR_CREATE,
            "The folder " + path + " can't be made: " + Messages.reason(failed) + ".",
            "Make " + parent() + " writable for the daemon, or make the folder yourself.",
            failed);
      }
    }
    return new SrFolder(path);
  }

  /// The folder, which must be there.
  SrFolder folder() throws StorageException {
    if (!exists()) {
      throw new StorageException(
          ErrorCode.SR_UNAVAILABLE,
          "The folder " + path + " of the SR is not there.",
          "Mount the filesystem it lies on, or correct device-config:location.");
    }
    return new SrFolder(path);
  }

  private static Path parse(String text) throws StorageException {
    if (text.chars().anyMatch(Character::isISOControl)) {
      throw new StorageException(
          ErrorCode.BAD_CHARACTER,
          "device-config:location '" + Messages.printable(text) + "' holds a control character.",
          "Give the folder's path without line breaks and the like.");
    }
    try {
      Path path = Path.of(text);
      if (path.isAbsolute() && path.normalize().equals(path) && path.getNameCount() > 0) {
        return path;
      }
    } catch (InvalidPathException malformed) {
      throw invalid("'" + Messages.printable(text) + "' is not a path");
    }
    throw invalid(
        "'"
            + Messages.printable(text)
            + "' is not an absolute path of a folder without '.' and '..', or is '/' itself");
  }

  private void requireNoSymbolicLink() throws StorageException {
    if (Files.isSymbolicLink(path)) {
      throw throughLink(path);
    }
    Path existing = exists() ? path : parent();
    if (!Files.exists(existing)) {
      return;
    }
    try {
      if (!existing.toRealPath().equals(existing)) {
        throw throughLink(existing);
      }
    } catch (IOException failed) {
      throw new StorageException(
          ErrorCode.SR_UNAVAILABLE,
          "The path " + existing + " can't be followed: " + Messages.reason(failed) + ".",
          "Make every folder on the way searchable for the daemon.",
          failed);
    }
  }

  private void requireFolderOrItsPlace() throws StorageException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      requireParent();
      return;
    }
    if (!exists()) {
      throw invalid(path + " is a file, not a folder");
    }
    try {
      String type = Files.getFileStore(path).type();
      if (PSEUDO_FILESYSTEMS.contains(type)) {
        throw invalid(path + " lies on a filesystem of the kernel's own (" + type + ")");
      }
    } catch (IOException failed) {
      throw new StorageException(
          ErrorCode.SR_UNAVAILABLE,
          "The filesystem of " + path + " can't be looked at: " + Messages.reason(failed) + ".",
          "Check that it is mounted and healthy.",
          failed);
    }
  }

  private void requireParent() throws StorageException {
    if (!Files.isDirectory(parent())) {
      throw new StorageException(
          ErrorCode.SR_UNAVAILABLE,
          "Neither " + path + " nor the folder above it exists.",
          "Mount the filesystem it should lie on, or make " + parent() + " first.");
    }
  }

  private void requireOutsideOtherSrs() throws StorageException {
    for (Path above = path.getParent(); above != null; above = above.getParent()) {
      Optional<SrUuid> owner = new SrFolder(above).owner();
      if (owner.isPresent()) {
        throw new StorageException(
            ErrorCode.SR_IN_USE,
            path + " lies inside " + above + ", which belongs to SR " + owner.get() + ".",
            "Choose a folder outside of any SR.");
      }
    }
  }

  private Path parent() {
    Path above = path.getParent();
    return above == null ? path : above;
  }

  private static StorageException throughLink(Path path) {
    return invalid(
        path + " is reached through a symbolic link, which could be turned elsewhere later");
  }

  private static StorageException invalid(String what) {
    return new StorageException(
        ErrorCode.INVALID_ARG,
        "device-config:location can't be used: " + what + ".",
        "Give the real, absolute path of a folder; 'realpath' prints it.");
  }
}
