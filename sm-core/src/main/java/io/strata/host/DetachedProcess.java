// SPDX-License-Identifier: Apache-2.0
package io.strata.host;

import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A program that outlives the one that starts it: a session of its own, so that neither a closed
/// terminal nor its keys end it, nothing on its standard input, and its output in a file. It
/// inherits the environment.
public final class DetachedProcess {
  private static final Path SETSID = Path.of("/usr/bin/setsid");

  private final Process process;

  private DetachedProcess(Process process) {
    this.process = process;
  }

  /// Starts it.
  ///
  /// @param argv the program and its arguments; no shell sees them
  /// @param output takes what it prints, after what is there
  public static DetachedProcess start(List<String> argv, Path output) throws IOException {
    List<String> command = new ArrayList<>();
    if (Files.isExecutable(SETSID)) {
      command.add(SETSID.toString());
    }
    command.addAll(argv);
    Redirect toFile = Redirect.appendTo(output.toFile());
    return new DetachedProcess(
        new ProcessBuilder(command)
            .directory(new File("/"))
            .redirectInput(Redirect.from(new File("/dev/null")))
            .redirectOutput(toFile)
            .redirectError(toFile)
            .start());
  }

  /// Its process id.
  public long pid() {
    return process.pid();
  }

  /// Whether it still runs.
  public boolean isAlive() {
    return process.isAlive();
  }

  /// Asks it to end (SIGTERM), and kills it where it does not in time.
  public void end(Duration limit) {
    process.destroy();
    if (!awaitEnd(limit)) {
      process.destroyForcibly();
      awaitEnd(limit);
    }
  }

  private boolean awaitEnd(Duration limit) {
    try {
      return process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
