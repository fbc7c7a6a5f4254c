// SPDX-License-Identifier: Apache-2.0
package io.strata.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// A real peer's command, run with a timeout and with both outputs together.
record Tool(Path executable) {

  /// What a run left behind.
  record Result(String command, int exitCode, String output) {

    /// @return the output of a run that ended well; the test fails for any other
    String ok() {
      assertThat(exitCode).as("%s%n%s", command, output).isZero();
      return output;
    }
  }

  /// Finds a command; skips the test where it is not installed.
  static Tool require(String name) {
    Optional<Path> found = find(name);
    assumeTrue(found.isPresent(), name + " is not installed");
    return new Tool(found.orElseThrow());
  }

  static Optional<Path> find(String name) {
    return Stream.of("/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/local/bin")
        .map(directory -> Path.of(directory, name))
        .filter(Files::isExecutable)
        .findFirst();
  }

  /// Runs to the end, for at most a minute.
  Result run(String... arguments) throws IOException {
    return run(Duration.ofMinutes(1), arguments);
  }

  /// Runs to the end; the test fails when that takes longer than `timeout`.
  Result run(Duration timeout, String... arguments) throws IOException {
    Path log = Files.createTempFile("strata-tool", ".log");
    try {
      Process process = start(log, arguments);
      if (!process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
        throw new AssertionError(
            "%s did not end within %s:%n%s".formatted(line(arguments), timeout, read(log)));
      }
      return new Result(line(arguments), process.exitValue(), read(log));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for " + line(arguments), e);
    } finally {
      Files.deleteIfExists(log);
    }
  }

  /// Starts without waiting; whoever calls ends the process.
  Process start(Path log, String... arguments) throws IOException {
    List<String> argv = new ArrayList<>();
    argv.add(executable.toString());
    argv.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(argv).redirectErrorStream(true);
    builder.redirectInput(Path.of("/dev/null").toFile()).redirectOutput(log.toFile());
    builder.environment().put("LC_ALL", "C.UTF-8");
    return builder.start();
  }

  private String line(String... arguments) {
    return executable.getFileName() + " " + String.join(" ", arguments);
  }

  private static String read(Path log) throws IOException {
    return new String(Files.readAllBytes(log), StandardCharsets.UTF_8);
  }
}
