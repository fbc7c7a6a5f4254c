// SPDX-License-Identifier: Apache-2.0
package io.strata.host;

import java.time.Duration;
import java.util.List;

/// A program to run, with its arguments as they are: no shell ever sees them.
///
/// @param argv the program and its arguments, never empty
/// @param timeout how long it may run before it and its children are killed
/// @param maxOutputBytes how much of each of its two output streams is kept; the rest is read and
///   dropped
public record Command(List<String> argv, Duration timeout, int maxOutputBytes) {
  private static final Duration USUAL_TIMEOUT = Duration.ofSeconds(60);
  private static final int USUAL_OUTPUT_BYTES = 1024 * 1024;

  public Command {
    argv = List.copyOf(argv);
    if (argv.isEmpty()) {
      throw new IllegalArgumentException("a command needs a program");
    }
    if (!timeout.isPositive() || maxOutputBytes < 1) {
      throw new IllegalArgumentException("a command needs a timeout and room for its output");
    }
  }

  /// A command with the usual bounds: 60 seconds, 1 MiB of output.
  public static Command of(String... argv) {
    return new Command(List.of(argv), USUAL_TIMEOUT, USUAL_OUTPUT_BYTES);
  }

  /// A command with the usual bounds: 60 seconds, 1 MiB of output.
  public static Command of(List<String> argv) {
    return new Command(argv, USUAL_TIMEOUT, USUAL_OUTPUT_BYTES);
  }

  /// The same command with another time limit.
  public Command within(Duration limit) {
    return new Command(argv, limit, maxOutputBytes);
  }

  /// The program's name without its folder.
  public String program() {
    String path = argv.getFirst();
    return path.substring(path.lastIndexOf('/') + 1);
  }
}
