// SPDX-License-Identifier: Apache-2.0
package io.strata.simulator;

import io.strata.spi.DeviceConfig;
import io.strata.spi.DriverDescription.ConfigKey;
import io.strata.spi.ErrorCode;
import io.strata.spi.Messages;
import io.strata.spi.ProbeResult;
import io.strata.spi.ProbeResult.Candidate;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The folder in which a simulator keeps its state, with a file that says whose it is.
///
/// @param path absolute
record SimulatedPlace(Path path) {
  static final ConfigKey LOCATION =
      new ConfigKey("location", "absolute path of a folder for the simulator's state", true);
  static final ConfigKey SIZE =
      new ConfigKey("size", "bytes of storage to imitate; 4 GiB if not given", false);

  private static final String OWNER = ".strata-simulated-sr";
  private static final long DEFAULT_SIZE_BYTES = 4L << 30;

  static SimulatedPlace of(DeviceConfig config) throws StorageException {
    String text = config.require(LOCATION.name(), ErrorCode.CONFIG_LOCATION_MISSING);
    if (text.chars().anyMatch(Character::isISOControl)) {
      throw new StorageException(
          ErrorCode.BAD_CHARACTER,
          "device-config:location '" + Messages.printable(text) + "' holds a control character.",
          "Give the folder's path without line breaks and the like.");
    }
    Path path;
    try {
      path = Path.of(text);
    } catch (InvalidPathException malformed) {
      throw invalid(text);
    }
    if (!path.isAbsolute() || !path.normalize().equals(path) || path.getParent() == null) {
      throw invalid(text);
    }
    return new SimulatedPlace(path);
  }

  private static StorageException invalid(String text) {
    return new StorageException(
        ErrorCode.CONFIG_DEVICE_INVALID,
        "device-config:location '" + Messages.printable(text) + "' is no absolute, plain path.",
        "Give an absolute path without '.' and '..'.");
  }

  /// The number of bytes a key gives.
  static long bytes(DeviceConfig config, ConfigKey key, long otherwise) throws StorageException {
    Optional<String> text = config.get(key.name());
    if (text.isEmpty()) {
      return otherwise;
    }
    try {
      long bytes = Long.parseLong(text.get());
      if (bytes > 0) {
        return bytes;
      }
    } catch (NumberFormatException malformed) {
      // Refused below, as numbers that are too small are.
    }
    throw new StorageException(
        ErrorCode.CONFIG_DEVICE_INVALID,
        "device-config:"
            + key.name()
            + " '"
            + Messages.printable(text.get())
            + "' is no number of bytes.",
        "Give a whole number greater than 0.");
  }

  static long sizeBytes(DeviceConfig config) throws StorageException {
    return bytes(config, SIZE, DEFAULT_SIZE_BYTES);
  }

  ProbeResult probe(DeviceConfig config) throws StorageException {
    try {
      return new ProbeResult(
          List.of(new Candidate(config, true, owner(), Map.of("path", path.toString()))));
    } catch (IOException failed) {
      throw unavailable(failed);
    }
  }

  /// Makes the folder the SR's; idempotent.
  void claim(SrUuid sr) throws StorageException {
    try {
      if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
        Files.createDirectory(path);
      }
      Optional<SrUuid> owner = owner();
      if (owner.isPresent()) {
        requireOwner(owner.get(), sr);
        return;
      }
      if (!names().isEmpty()) {
        throw new StorageException(
            ErrorCode.SR_EXISTS,
            path + " is not empty: it holds " + Messages.printable(names().getFirst()) + ".",
            "Choose an empty folder.");
      }
      Files.writeString(path.resolve(OWNER), sr + "\n");
    } catch (IOException failed) {
      throw unavailable(failed);
    }
  }

  /// Throws unless the folder is the SR's.
  void require(SrUuid sr) throws StorageException {
    try {
      Optional<SrUuid> owner = owner();
      if (owner.isEmpty()) {
        throw new StorageException(
            ErrorCode.SR_UNAVAILABLE,
            "No simulated SR lives in " + path + ".",
            "Create the SR there first.");
      }
      requireOwner(owner.get(), sr);
    } catch (IOException failed) {
      throw unavailable(failed);
    }
  }

  /// Takes the SR away, once it holds no volume; idempotent.
  void clear(SrUuid sr) throws StorageException {
    try {
      Optional<SrUuid> owner = owner();
      if (owner.isEmpty()) {
        return;
      }
      requireOwner(owner.get(), sr);
      List<String> volumes = names().stream().filter(n -> !n.startsWith(".strata-")).toList();
      if (!volumes.isEmpty()) {
        throw new StorageException(
            ErrorCode.SR_NOT_EMPTY,
            path + " still holds " + volumes.size() + " volumes.",
            "Destroy its VDIs and snapshots first.");
      }
      for (String name : names()) {
        Files.deleteIfExists(path.resolve(name));
      }
      Files.deleteIfExists(path.resolve(OWNER));
    } catch (IOException failed) {
      throw unavailable(failed);
    }
  }

  private Optional<SrUuid> owner() throws IOException, StorageException {
    Path file = path.resolve(OWNER);
    return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
        ? Optional.of(SrUuid.parse(Files.readString(file).strip()))
        : Optional.empty();
  }

  private void requireOwner(SrUuid owner, SrUuid sr) throws StorageException {
    if (!owner.equals(sr)) {
      throw new StorageException(
          ErrorCode.SR_IN_USE,
          path + " belongs to SR " + owner + ", not to SR " + sr + ".",
          "Choose another folder.");
    }
  }

  private List<String> names() throws IOException {
    List<String> names = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
      entries.forEach(e -> names.add(e.getFileName().toString()));
    }
    names.remove(OWNER);
    return names.stream().sorted().toList();
  }

  private StorageException unavailable(IOException failed) {
    return new StorageException(
        ErrorCode.SR_UNAVAILABLE,
        "The simulator's folder " + path + " can't be used: " + failed + ".",
        "Check that it exists and is writable for the daemon.",
        failed);
  }
}
