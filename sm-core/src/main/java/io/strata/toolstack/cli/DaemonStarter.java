// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import io.strata.host.DetachedProcess;
import io.strata.spi.StorageException;
import io.strata.toolstack.Rendering;
import io.strata.toolstack.StrataHome;
import io.strata.toolstack.daemon.HomeLock;
import io.strata.toolstack.daemon.HomeSpace;
import io.strata.toolstack.rpc.ApiClient;
import java.io.IOException;
import java.io.PrintStream;
import java.net.ConnectException;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// Finds the daemon of a home, and starts it where none runs.
final class DaemonStarter {
  private static final Duration START_LIMIT = Duration.ofSeconds(60);
  private static final Duration STOP_LIMIT = Duration.ofSeconds(90);
  private static final Duration POLL = Duration.ofMillis(20);
  private static final int TAIL_LINES = 15;
  private static final int TAIL_BYTES = 16 * 1024;

  /// For developers: the log has them, and who starts a daemon needs the reason alone.
  private static final Pattern STACK_FRAME = Pattern.compile("\\s+(at |\\.\\.\\. \\d+ )");

  private final StrataHome home;
  private final PrintStream messages;

  DaemonStarter(StrataHome home, PrintStream messages) {
    this.home = home;
    this.messages = messages;
  }

  /// The daemon that runs, if one does.
  Optional<ApiClient> connect() throws IOException, StorageException {
    if (!HomeLock.isHeld(home)) {
      return Optional.empty();
    }
    return Optional.of(awaitAnswer(Optional.empty()));
  }

  /// The daemon, which is started where none runs.
  ///
  /// @throws IOException with the end of its log where it does not come up
  /// @throws StorageException where its home has no space
  ApiClient connectOrStart() throws IOException, StorageException {
    if (Files.exists(home.apiSocket())) {
      try {
        return ApiClient.connect(home.apiSocket());
      } catch (ConnectException nobodyListens) {
        // The socket of a daemon that died; a new one replaces it.
      }
    }
    if (HomeLock.isHeld(home)) {
      return awaitAnswer(Optional.empty());
    }
    messages.println("Starting the daemon for " + shown(home.root()));
    return awaitAnswer(launch());
  }

  /// Starts a daemon, and does not wait for it.
  ///
  /// @throws StorageException its home has no space
  DetachedProcess launch() throws IOException, StorageException {
    try {
      home.prepare();
      Files.deleteIfExists(home.console());
      return DetachedProcess.start(command(), home.console());
    } catch (IOException e) {
      HomeSpace.blame(home, e);
      throw e;
    }
  }

  /// Waits until a daemon that was launched answers.
  ///
  /// @throws StorageException its home has no space
  ApiClient awaitAnswer(DetachedProcess process) throws IOException, StorageException {
    return awaitAnswer(Optional.of(process));
  }

  private ApiClient awaitAnswer(Optional<DetachedProcess> process)
      throws IOException, StorageException {
    long deadline = System.nanoTime() + START_LIMIT.toNanos();
    while (true) {
      boolean ended = process.isPresent() && !process.get().isAlive() && !HomeLock.isHeld(home);
      try {
        return ApiClient.connect(home.apiSocket());
      } catch (SocketException notYet) {
        if (ended) {
          IOException failure = failed("The daemon ended before it answered", notYet);
          HomeSpace.blame(home, failure);
          throw failure;
        }
        if (System.nanoTime() > deadline) {
          throw failed(
              "The daemon did not answer within " + START_LIMIT.toSeconds() + " seconds", notYet);
        }
      }
      pause();
    }
  }

  /// Waits until the daemon has let go of its home.
  void awaitStopped() throws IOException {
    long deadline = System.nanoTime() + STOP_LIMIT.toNanos();
    while (HomeLock.isHeld(home)) {
      if (System.nanoTime() > deadline) {
        throw new IOException(
            "The daemon still runs "
                + STOP_LIMIT.toSeconds()
                + " seconds after it was asked to stop. See "
                + shown(home.log())
                + ".");
      }
      pause();
    }
  }

  private static void pause() throws IOException {
    try {
      Thread.sleep(POLL);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private List<String> command() {
    List<String> command = new ArrayList<>();
    String launcher = System.getProperty("strata.launcher", "");
    if (!launcher.isEmpty()) {
      command.add(launcher);
    } else {
      command.addAll(javaCommand());
    }
    command.addAll(List.of("daemon", "--foreground", "--home", home.root().toString()));
    return command;
  }

  /// The same Java and the same classes as this process.
  private static List<String> javaCommand() {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String main = Main.class.getName();
    Optional<String> module = Optional.ofNullable(Main.class.getModule().getName());
    if (module.isPresent()) {
      String path = System.getProperty("jdk.module.path", "");
      return List.of(
          java,
          "--enable-native-access=ALL-UNNAMED",
          "-p",
          path,
          "--add-modules",
          "ALL-MODULE-PATH",
          "-m",
          module.get() + "/" + main);
    }
    String path = System.getProperty("java.class.path");
    return List.of(java, "--enable-native-access=ALL-UNNAMED", "-cp", path, main);
  }

  private IOException failed(String what, IOException cause) {
    StringBuilder message = new StringBuilder(what).append(". ");
    message.append("Its log, ").append(shown(home.log())).append(", ends:");
    tail(home.log(), message);
    tail(home.console(), message);
    messages.println(message);
    return new IOException(
        what + ". Correct what the log above says, then run the command again.", cause);
  }

  private static void tail(Path log, StringBuilder message) {
    try {
      if (!Files.exists(log)) {
        return;
      }
      byte[] bytes = Files.readAllBytes(log);
      int from = Math.max(0, bytes.length - TAIL_BYTES);
      List<String> lines =
          new String(bytes, from, bytes.length - from, StandardCharsets.UTF_8)
              .lines()
              .filter(line -> !STACK_FRAME.matcher(line).lookingAt())
              .toList();
      lines.stream()
          .skip(Math.max(0, lines.size() - TAIL_LINES))
          .forEach(line -> message.append("\n  ").append(Rendering.escaped(line)));
    } catch (IOException e) {
      message.append("\n  (").append(shown(log)).append(" can't be read)");
    }
  }

  private static String shown(Path path) {
    return Rendering.escaped(path.toString());
  }
}
