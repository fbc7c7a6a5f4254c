// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/// What a daemon's home folder holds durably: its catalog as of the last commit, and the host's
/// identity. SQLite is trusted to keep what it committed.
///
/// @param files by name; never changed
record DaemonHome(Map<String, byte[]> files) {
  static final DaemonHome NEW = new DaemonHome(Map.of());

  DaemonHome {
    files = Map.copyOf(files);
  }

  /// Reads a home folder between two commits.
  static DaemonHome read(Path home) throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(home)) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        // The index of the log is made anew.
        boolean kept = name.equals("host-uuid") || name.startsWith("catalog.db");
        if (kept && !name.endsWith("-shm")) {
          files.put(name, Files.readAllBytes(entry));
        }
      }
    }
    return new DaemonHome(files);
  }

  /// Writes it to an empty folder.
  void writeTo(Path home) throws IOException {
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      Files.write(home.resolve(file.getKey()), file.getValue());
    }
  }
}
