// SPDX-License-Identifier: Apache-2.0
package io.strata.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Runs a peer's tool to its end.
final class Command {
  private static final long TIMEOUT_SECONDS = 600;

  private Command() {}

  /// @return what it wrote to its standard output
  /// @throws IOException it ended with an error, or not in time
  static String run(String... line) throws IOException, InterruptedException {
    return run(List.of(line));
  }

  static String run(List<String> line) throws IOException, InterruptedException {
    Path output = Files.createTempFile("strata-bench", ".out");
    Path errors = Files.createTempFile("strata-bench", ".err");
    try {
      Process process =
          new ProcessBuilder(line)
              .redirectOutput(output.toFile())
              .redirectError(errors.toFile())
              .start();
      process.getOutputStream().close();
      if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IOException(line + " did not end in " + TIMEOUT_SECONDS + " s");
      }
      if (process.exitValue() != 0) {
        throw new IOException(
            line
                + " ended with "
                + process.exitValue()
                + ": "
                + Files.readString(errors, StandardCharsets.UTF_8));
      }
      return Files.readString(output, StandardCharsets.UTF_8);
    } finally {
      Files.deleteIfExists(output);
      Files.deleteIfExists(errors);
    }
  }

  /// Seconds that a tool runs, its start included.
  static double seconds(String... line) throws IOException, InterruptedException {
    long start = System.nanoTime();
    run(line);
    return (System.nanoTime() - start) / 1e9;
  }

  /// Makes everything durable that any program wrote, so that no run pays for another's writes.
  static void settle() throws IOException, InterruptedException {
    run("sync");
    HostMemory.PROBE.touch();
  }
}
