// SPDX-License-Identifier: Apache-2.0
package io.strata.host;

import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// The only place that starts processes.
///
/// A program gets its arguments as a list, never through a shell; nothing on its standard input; an
/// environment of `PATH` and `LC_ALL=C` alone; `/` as its folder. It is killed with its children
/// when its time is up. Stateless, for any number of threads.
public final class ProcessRunner {
  private static final System.Logger LOG = System.getLogger(ProcessRunner.class.getName());
  private static final String PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  private static final Map<String, String> ENVIRONMENT = Map.of("PATH", PATH, "LC_ALL", "C");
  private static final File NOTHING = new File("/dev/null");
  private static final File FOLDER = new File("/");
  private static final Duration OUTPUT_LIMIT = Duration.ofSeconds(2);
  private static final int SIGKILL_PATIENCE_SECONDS = 5;

  /// A runner; any number of them may be there.
  public ProcessRunner() {}

  /// Runs a command to its end, whatever it returns.
  ///
  /// @throws StorageException [ErrorCode#UNSUPPORTED_KERNEL] where the program is not there,
  ///   [ErrorCode#TRY_AGAIN] where its time was up or this thread was interrupted
  public ProcessResult run(Command command) throws StorageException {
    long startedNanos = System.nanoTime();
    Process process = start(command);
    try {
      BoundedOutput stdout = new BoundedOutput(process.getInputStream(), command.maxOutputBytes());
      BoundedOutput stderr = new BoundedOutput(process.getErrorStream(), command.maxOutputBytes());
      if (!process.waitFor(command.timeout().toMillis(), TimeUnit.MILLISECONDS)) {
        throw outOfTime(command);
      }
      stdout.finish(OUTPUT_LIMIT);
      stderr.finish(OUTPUT_LIMIT);
      Duration elapsed = Duration.ofNanos(System.nanoTime() - startedNanos);
      LOG.log(
          System.Logger.Level.DEBUG,
          "{0} returned {1} after {2}",
          command.program(),
          process.exitValue(),
          elapsed);
      return new ProcessResult(
          command,
          process.exitValue(),
          stdout.text(),
          stderr.text(),
          stdout.truncated() || stderr.truncated(),
          elapsed);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new StorageException(
          ErrorCode.TRY_AGAIN,
          "Waiting for " + command.program() + " was interrupted; it was killed.",
          "Repeat the operation.",
          stopped);
    } finally {
      end(process);
    }
  }

  private static Process start(Command command) throws StorageException {
    List<String> argv = new ArrayList<>(command.argv());
    argv.set(0, located(argv.getFirst()));
    ProcessBuilder builder = new ProcessBuilder(argv);
    builder.environment().clear();
    builder.environment().putAll(ENVIRONMENT);
    builder.directory(FOLDER).redirectInput(Redirect.from(NOTHING));
    try {
      return builder.start();
    } catch (IOException failed) {
      throw new StorageException(
          ErrorCode.UNSUPPORTED_KERNEL,
          "The program "
              + command.argv().getFirst()
              + " can't be started: "
              + failed.getMessage()
              + ".",
          "Install the package that brings it, in a folder of " + PATH + ".",
          failed);
    }
  }

  /// Where a program is. The JDK would look along this process's own `PATH`, and a user's has no
  /// `sbin` on many systems.
  private static String located(String program) {
    if (program.contains("/")) {
      return program;
    }
    return Stream.of(PATH.split(":"))
        .map(place -> Path.of(place, program))
        .filter(Files::isExecutable)
        .findFirst()
        .map(Path::toString)
        .orElse(program);
  }

  private static StorageException outOfTime(Command command) {
    return new StorageException(
        ErrorCode.TRY_AGAIN,
        command.program()
            + " was killed: it did not end within "
            + command.timeout().toMillis()
            + " ms.",
        "Look at the host's kernel log for a device that does not answer, then try again.");
  }

  /// Kills what still runs of the process and its children, and closes its streams.
  private static void end(Process process) {
    if (process.isAlive()) {
      try (Stream<ProcessHandle> children = process.descendants()) {
        children.toList().forEach(ProcessHandle::destroyForcibly);
      }
      process.destroyForcibly();
      reap(process);
    }
    closeQuietly(process);
  }

  /// Waits for a killed process, also where this thread is interrupted: its caller may take for
  /// granted that it is gone.
  private static void reap(Process process) {
    boolean interrupted = Thread.interrupted();
    try {
      if (!process.waitFor(SIGKILL_PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        LOG.log(
            System.Logger.Level.WARNING,
            "process {0} does not end although it was killed: a device may hang",
            process.pid());
      }
    } catch (InterruptedException stopped) {
      interrupted = true;
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static void closeQuietly(Process process) {
    try {
      process.getInputStream().close();
      process.getErrorStream().close();
    } catch (IOException lost) {
      LOG.log(System.Logger.Level.DEBUG, "closing a program's output failed", lost);
    }
  }
}
