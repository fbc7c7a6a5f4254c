// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// How many crash states to try, and the note of how many were.
///
/// Properties: `strata.crash.states` is how many, in all; `strata.verify` chooses where it is
/// absent.
final class StatesTried {
  /// Where `verify` looks for the notes: a line each.
  private static final Path NOTES = Path.of("target", "crash-states");

  private StatesTried() {}

  static long wanted(long quick, long normal, long soak) {
    long usual =
        switch (System.getProperty("strata.verify", "quick")) {
          case "soak" -> soak;
          case "normal" -> normal;
          default -> quick;
        };
    return Long.getLong("strata.crash.states", usual);
  }

  /// Prints a report, and notes it for the end of `verify`.
  static void note(String what, CrashReport report) throws IOException {
    System.out.println(what + ": " + report);
    Files.createDirectories(NOTES);
    Files.writeString(
        NOTES.resolve(what + ".txt"),
        "%d %d %d%n".formatted(report.states(), report.nestedStates(), report.violations()));
  }
}
