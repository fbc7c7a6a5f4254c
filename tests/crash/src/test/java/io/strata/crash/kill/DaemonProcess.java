// SPDX-License-Identifier: Apache-2.0
package io.strata.crash.kill;

import io.strata.toolstack.StrataHome;
import io.strata.toolstack.rpc.ApiClient;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// The real daemon, as a process of its own.
///
/// Closing it kills it, if it still lives.
final class DaemonProcess implements AutoCloseable {
  private static final Duration START_LIMIT = Duration.ofSeconds(60);
  private static final Duration END_LIMIT = Duration.ofSeconds(60);
  private static final int TAIL_CHARS = 6_000;

  private final StrataHome home;
  private final Process process;

  private DaemonProcess(StrataHome home, Process process) {
    this.home = home;
    this.process = process;
  }

  /// Starts a daemon, and does not wait for it.
  static DaemonProcess launch(StrataHome home, List<String> command) throws IOException {
    home.prepare();
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(home.console().toFile()));
    return new DaemonProcess(home, builder.start());
  }

  /// Waits until it answers, all attachments being back.
  ApiClient awaitApi() throws IOException, InterruptedException {
    long deadline = System.nanoTime() + START_LIMIT.toNanos();
    while (true) {
      boolean alive = process.isAlive();
      try {
        return ApiClient.connect(home.apiSocket());
      } catch (IOException notYet) {
        if (!alive || System.nanoTime() > deadline) {
          throw new IOException("The daemon does not answer; its log ends:\n" + logTail(), notYet);
        }
      }
      Thread.sleep(5);
    }
  }

  /// `kill -9`, and waits until it is gone.
  void kill() {
    process.destroyForcibly();
    boolean interrupted = false;
    while (process.isAlive()) {
      try {
        process.waitFor();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /// Waits for its end by itself.
  int awaitEnd() throws InterruptedException, IOException {
    if (!process.waitFor(END_LIMIT.toSeconds(), TimeUnit.SECONDS)) {
      throw new IOException("The daemon does not end; its log ends:\n" + logTail());
    }
    return process.exitValue();
  }

  /// The end of its log and of what it printed.
  String logTail() throws IOException {
    return tail(home.log()) + tail(home.console());
  }

  private static String tail(Path file) throws IOException {
    if (!Files.exists(file)) {
      return "";
    }
    String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    return text.substring(Math.max(0, text.length() - TAIL_CHARS));
  }

  @Override
  public void close() {
    kill();
  }
}
