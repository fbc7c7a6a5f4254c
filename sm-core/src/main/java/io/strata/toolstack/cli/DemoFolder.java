// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import io.strata.nbd.NbdEndpoint;
import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import io.strata.toolstack.Rendering;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HexFormat;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The scratch folder of a demo.
///
/// @param root made for this demo, and nobody else's
record DemoFolder(Path root) {
  private static final int DELETE_ATTEMPTS = 20;

  /// Of a socket's path, less what is below the place.
  private static final int LONGEST_PLACE_BYTES =
      NbdEndpoint.UnixSocket.MAX_PATH_BYTES
          - "/strata-demo-123456/h/run/.s12345678901234567890/s".length();

  /// Makes one where `TMPDIR` says, else in `/tmp`. The name is short: it becomes part of a
  /// socket's path.
  static DemoFolder make() throws IOException, StorageException {
    return make(Path.of(Optional.ofNullable(System.getenv("TMPDIR")).orElse("/tmp")));
  }

  static DemoFolder make(Path given) throws IOException, StorageException {
    Path place = given.toAbsolutePath().normalize();
    if (!Files.isDirectory(place) || !Files.isWritable(place)) {
      throw refused(place, "is no folder that this user may write to");
    }
    if (place.toString().getBytes(StandardCharsets.UTF_8).length > LONGEST_PLACE_BYTES) {
      throw refused(place, "is too long for the path of a unix socket in it");
    }
    String name = "strata-demo-" + HexFormat.of().toHexDigits(System.nanoTime(), 6);
    return new DemoFolder(
        Files.createDirectory(
            place.resolve(name),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))));
  }

  private static StorageException refused(Path place, String why) {
    return new StorageException(
        ErrorCode.INVALID_ARG,
        "TMPDIR is '" + Rendering.escaped(place.toString()) + "', which " + why + ".",
        "Set TMPDIR to another, or unset it for /tmp.");
  }

  Path home() {
    return root.resolve("h");
  }

  Path repository() {
    return root.resolve("sr");
  }

  Path image() {
    return root.resolve("disk.raw");
  }

  /// Where a packed image is unpacked to.
  Path unpacked(String suffix) {
    return root.resolve("unpacked" + suffix);
  }

  /// Removes it with all that is in it; symbolic links are not followed. Somebody who is being
  /// stopped may still make a file meanwhile: that goes too.
  void delete() throws IOException {
    for (int attempt = 1; ; attempt++) {
      try {
        deleteOnce();
        return;
      } catch (DirectoryNotEmptyException e) {
        if (attempt == DELETE_ATTEMPTS) {
          throw e;
        }
      }
    }
  }

  private void deleteOnce() throws IOException {
    if (!Files.exists(root, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException e)
              throws IOException {
            Files.deleteIfExists(folder);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
