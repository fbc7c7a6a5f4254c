// SPDX-License-Identifier: Apache-2.0
package io.strata.driver.local;

import io.strata.host.FilesystemType;
import io.strata.spi.DeviceConfig;
import io.strata.spi.DriverDescription.ConfigKey;
import io.strata.spi.ErrorCode;
import io.strata.spi.Messages;
import io.strata.spi.StorageException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// The device-config of an SR on a disk, read and checked.
///
/// @param device the disk or partition, perhaps a link to it; never a list of several
/// @param filesystem what to format it with
/// @param force whether foreign content may be overwritten
record DiskConfig(Path device, FilesystemType filesystem, boolean force) {
  static final String DEVICE = "device";
  static final String FILESYSTEM = "fs";
  static final String FORCE = "force";

  static final ConfigKey DEVICE_KEY =
      new ConfigKey(
          DEVICE, "disk or partition: /dev/sdb, /dev/disk/by-id/...; sr-probe lists them", true);
  static final ConfigKey FILESYSTEM_KEY =
      new ConfigKey(FILESYSTEM, "filesystem to format it with: ext4 (usual) or xfs", false);
  static final ConfigKey FORCE_KEY =
      new ConfigKey(
          FORCE,
          "true: overwrite foreign content at creation; never a partition table with partitions,"
              + " a disk in use or another SR",
          false);

  /// @param usual the filesystem where none is named
  static DiskConfig of(DeviceConfig config, FilesystemType usual) throws StorageException {
    return new DiskConfig(device(config), filesystem(config, usual), force(config));
  }

  /// Keys of a driver that lets choose the filesystem, or not.
  static List<ConfigKey> keys(boolean filesystemToChoose) {
    return filesystemToChoose
        ? List.of(DEVICE_KEY, FILESYSTEM_KEY, FORCE_KEY)
        : List.of(DEVICE_KEY, FORCE_KEY);
  }

  private static Path device(DeviceConfig config) throws StorageException {
    String text = config.require(DEVICE, ErrorCode.CONFIG_DEVICE_MISSING);
    try {
      Path path = Path.of(text);
      if (path.startsWith("/dev") && path.getNameCount() > 1 && path.normalize().equals(path)) {
        return path;
      }
    } catch (InvalidPathException malformed) {
      throw invalidDevice(text);
    }
    throw invalidDevice(text);
  }

  private static FilesystemType filesystem(DeviceConfig config, FilesystemType usual)
      throws StorageException {
    Optional<String> name = config.get(FILESYSTEM);
    if (name.isEmpty()) {
      return usual;
    }
    Optional<FilesystemType> type =
        FilesystemType.named(name.get())
            .filter(named -> usual == FilesystemType.EXT4 || named == usual);
    return type.orElseThrow(() ->
        new StorageException(
            ErrorCode.INVALID_ARG,
            "device-config:fs '" + Messages.printable(name.get()) + "' can't be used here.",
            "Give ext4 or xfs with type=ext, and nothing with type=xfs."));
  }

  private static boolean force(DeviceConfig config) throws StorageException {
    String text = config.get(FORCE).orElse("false");
    return switch (text) {
      case "true" -> true;
      case "false" -> false;
      default ->
          throw new StorageException(
              ErrorCode.INVALID_ARG,
              "device-config:force '" + Messages.printable(text) + "' is neither true nor false.",
              "Give force=true only if everything on the device may be lost.");
    };
  }

  private static StorageException invalidDevice(String text) {
    return new StorageException(
        ErrorCode.CONFIG_DEVICE_INVALID,
        "device-config:device '" + Messages.printable(text) + "' is not one path below /dev.",
        "Give one disk or partition; sr-probe type=ext lists those that can be used.");
  }
}
