// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/// Folders with all that is in them.
final class Trees {
  private Trees() {}

  static void remove(Path root) throws IOException {
    try (Stream<Path> paths = Files.walk(root)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }

  /// Copies everything as it is now: files with their holes, and sockets.
  static void copy(Path from, Path to) throws IOException {
    Process cp =
        new ProcessBuilder("cp", "-a", "--sparse=always", from.toString(), to.toString())
            .inheritIO()
            .start();
    try {
      if (cp.waitFor() != 0) {
        throw new IOException("cp ended with " + cp.exitValue());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
