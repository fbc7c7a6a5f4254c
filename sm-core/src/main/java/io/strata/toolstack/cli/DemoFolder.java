// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The scratch folder of a demo.
///
/// @param root made for this demo, and nobody else's
record DemoFolder(Path root) {

  /// Makes one where `TMPDIR` says, else in `/tmp`. The name is short: it becomes part of a
  /// socket's path.
  static DemoFolder make() throws IOException {
    String place = Optional.ofNullable(System.getenv("TMPDIR")).orElse("/tmp");
    return new DemoFolder(Files.createTempDirectory(Path.of(place), "strata-demo"));
  }

  Path home() {
    return root.resolve("home");
  }

  Path repository() {
    return root.resolve("sr");
  }

  Path image() {
    return root.resolve("disk.raw");
  }

  /// Removes it with all that is in it; symbolic links are not followed.
  void delete() throws IOException {
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
