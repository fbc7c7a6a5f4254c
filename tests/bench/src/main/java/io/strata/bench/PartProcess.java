// SPDX-License-Identifier: Apache-2.0
package io.strata.bench;

import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A part of a suite in a process of its own, so that its figures don't depend on what ran before:
/// on the heap that it left, and on what was compiled for it.
final class PartProcess {
  private static final String FIGURES = "strata.benchFigures";

  private PartProcess() {}

  /// Runs a part to its end. Its messages go to this process's own.
  ///
  /// @param options those of this process, the suite first
  /// @throws IOException it failed
  static Results run(List<String> options, String part) throws IOException, InterruptedException {
    Path figures = Files.createTempFile("strata-bench", ".figures");
    try {
      List<String> line = new ArrayList<>(Peer.ownJava());
      for (String property : List.of("java.io.tmpdir", "strata.daemonOptions")) {
        line.add("-D" + property + "=" + System.getProperty(property, ""));
      }
      line.add("-D" + FIGURES + "=" + figures);
      line.add(Bench.class.getName());
      line.addAll(options);
      line.add("--only=" + part);
      int status = new ProcessBuilder(line).inheritIO().start().waitFor();
      if (status != 0) {
        throw new IOException("it ended with " + status);
      }
      try (ObjectInputStream input = new ObjectInputStream(Files.newInputStream(figures))) {
        return (Results) input.readObject();
      } catch (ClassNotFoundException impossible) {
        throw new IOException(impossible);
      }
    } finally {
      Files.deleteIfExists(figures);
    }
  }

  /// Where this process is to leave its figures, if it is one of these.
  static Optional<Path> figures() {
    return Optional.ofNullable(System.getProperty(FIGURES)).map(Path::of);
  }

  static void leave(Results results, Path figures) throws IOException {
    try (ObjectOutputStream output = new ObjectOutputStream(Files.newOutputStream(figures))) {
      output.writeObject(results);
    }
  }
}
