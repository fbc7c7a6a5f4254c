// SPDX-License-Identifier: Apache-2.0
package io.strata.architecture;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// The Java files of this checkout.
final class SourceTree {

  private SourceTree() {}

  /// Every Java file of every module, `main` and `test` alike.
  static List<Path> javaFiles() throws IOException {
    try (Stream<Path> files = Files.walk(root())) {
      return files
          .filter(file -> file.toString().endsWith(".java"))
          .filter(file -> file.toString().contains("/src/"))
          .filter(file -> !file.toString().contains("/target/"))
          .sorted()
          .toList();
    }
  }

  static boolean isTest(Path file) {
    return file.toString().contains("/src/test/");
  }

  /// The checkout's root: the first directory upwards that holds `.mvn`.
  private static Path root() throws IOException {
    Path directory = Path.of("").toAbsolutePath();
    while (directory != null && !Files.isDirectory(directory.resolve(".mvn"))) {
      directory = directory.getParent();
    }
    if (directory == null) {
      throw new IOException("no checkout's root above " + Path.of("").toAbsolutePath());
    }
    return directory;
  }
}
