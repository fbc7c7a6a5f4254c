// SPDX-License-Identifier: Apache-2.0
package io.strata.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A server that is compared, with what it serves.
///
/// @param name in tables
/// @param format of its image: `vhd` and `raw` of ours, or one of `qemu-img`
/// @param cache of `qemu-nbd`; empty for other servers
record Peer(String name, Kind kind, String format, String cache) {

  /// Whose server it is.
  enum Kind {
    STRATA,
    QEMU,
    NBDKIT
  }

  static final Peer STRATA_VHD = new Peer("strata VHD", Kind.STRATA, "vhd", "");
  static final Peer STRATA_RAW = new Peer("strata raw", Kind.STRATA, "raw", "");
  static final Peer NBDKIT = new Peer("nbdkit raw", Kind.NBDKIT, "raw", "");

  static Peer qemu(String format, String cache) {
    return new Peer("qemu " + format + " " + cache, Kind.QEMU, format, cache);
  }

  /// Whether its image is copy-on-write: sparse, with a table.
  boolean copyOnWrite() {
    return !format.equals("raw");
  }

  /// A name for its files.
  String fileName() {
    return name.replace(' ', '-');
  }

  /// How the server is started.
  List<String> line(Path image, Path socket, boolean readOnly) {
    List<String> line = new ArrayList<>();
    switch (kind) {
      case STRATA -> {
        line.addAll(ownJava());
        line.addAll(
            List.of(
                "io.strata.toolstack.cli.Main",
                "serve",
                image.toString(),
                "--socket",
                socket.toString()));
        if (readOnly) {
          line.add("--read-only");
        }
      }
      case QEMU -> {
        line.addAll(
            List.of(
                "qemu-nbd",
                "-k",
                socket.toString(),
                "-t",
                "-e",
                "16",
                "-f",
                format,
                "--cache=" + cache,
                "--discard=unmap"));
        if (readOnly) {
          line.add("-r");
        }
        line.add(image.toString());
      }
      case NBDKIT -> {
        line.addAll(List.of("nbdkit", "-f", "-U", socket.toString()));
        if (readOnly) {
          line.add("-r");
        }
        line.addAll(List.of("file", image.toString()));
      }
    }
    return line;
  }

  /// The Java and class path of this process with the daemon's options.
  static List<String> ownJava() {
    List<String> line = new ArrayList<>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    String options = System.getProperty("strata.daemonOptions", "");
    if (options.isEmpty()) {
      line.addAll(List.of("-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED"));
    } else {
      line.add("@" + options);
    }
    line.addAll(List.of("-cp", System.getProperty("java.class.path")));
    return line;
  }
}
