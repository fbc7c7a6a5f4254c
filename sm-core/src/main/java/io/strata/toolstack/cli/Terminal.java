// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/// Where a command prints, and what it knows of the one who reads.
///
/// @param out results
/// @param err messages and progress
/// @param live whether `err` is a terminal, so that a line may be drawn over
/// @param unicode whether `out` shows more than ASCII
record Terminal(PrintStream out, PrintStream err, boolean live, boolean unicode) {

  /// This process's own.
  static Terminal system() {
    Charset charset = Charset.forName(System.getProperty("stdout.encoding", "US-ASCII"));
    return new Terminal(
        System.out, System.err, isTerminal(2), charset.equals(StandardCharsets.UTF_8));
  }

  private static boolean isTerminal(int descriptor) {
    try {
      String target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor)).toString();
      return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
    } catch (IOException e) {
      return false;
    }
  }
}
