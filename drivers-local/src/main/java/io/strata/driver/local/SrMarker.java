// SPDX-License-Identifier: Apache-2.0
package io.strata.driver.local;

import io.strata.block.FileSystemSync;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;

/// The file that says which SR lives in a folder.
///
/// Two lines of UTF-8: `strata-sr 1` and `uuid=<36 characters>`. It comes into being whole, by a
/// hard link from a synced temporary file, so that of two creators one wins. Format:
/// `docs/formats/sr-directory.md`.
final class SrMarker {
  /// Name of the marker in the SR's folder.
  static final String NAME = ".strata-sr";

  private static final String HEADER = "strata-sr 1";
  private static final String UUID_KEY = "uuid=";
  private static final int MAX_BYTES = 4096;

  private SrMarker() {}

  /// The SR that a folder belongs to.
  ///
  /// @throws IOException where there is a marker that can't be read or says something else
  static Optional<SrUuid> read(Path folder) throws IOException {
    Path file = folder.resolve(NAME);
    if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      return Optional.empty();
    }
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      throw new IOException("the SR marker " + file + " is not a regular file");
    }
    if (Files.size(file) > MAX_BYTES) {
      throw new IOException(
          "the SR marker " + file + " has " + Files.size(file) + " bytes, not the usual 53");
    }
    return Optional.of(parse(file, Files.readString(file)));
  }

  /// Makes the folder belong to an SR, durably.
  ///
  /// @throws FileAlreadyExistsException where it belongs to one already
  static void write(Path folder, SrUuid sr) throws IOException {
    Path draft = folder.resolve(NAME + "." + sr + ".tmp");
    Files.deleteIfExists(draft);
    byte[] content = (HEADER + "\n" + UUID_KEY + sr + "\n").getBytes(StandardCharsets.UTF_8);
    try {
      Files.write(
          draft,
          content,
          StandardOpenOption.CREATE_NEW,
          StandardOpenOption.WRITE,
          StandardOpenOption.SYNC);
      Files.createLink(folder.resolve(NAME), draft);
    } finally {
      Files.deleteIfExists(draft);
    }
    FileSystemSync.ofFolder(folder);
  }

  /// Makes the folder belong to nobody, durably.
  static void remove(Path folder) throws IOException {
    Files.deleteIfExists(folder.resolve(NAME));
    FileSystemSync.ofFolder(folder);
  }

  private static SrUuid parse(Path file, String content) throws IOException {
    List<String> lines = content.lines().toList();
    if (lines.size() != 2 || !lines.get(0).equals(HEADER) || !lines.get(1).startsWith(UUID_KEY)) {
      throw new IOException(
          "the SR marker " + file + " does not read '" + HEADER + "' and '" + UUID_KEY + "...'");
    }
    try {
      return SrUuid.parse(lines.get(1).substring(UUID_KEY.length()));
    } catch (StorageException malformed) {
      throw new IOException("the SR marker " + file + " names no SR: " + malformed.what());
    }
  }
}
