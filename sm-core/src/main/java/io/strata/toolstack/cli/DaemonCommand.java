// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import io.strata.host.Processor;
import io.strata.spi.StorageException;
import io.strata.toolstack.StrataHome;
import io.strata.toolstack.daemon.Daemon;
import io.strata.toolstack.daemon.DaemonLog;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `strata daemon`: runs the daemon, in this process or in one of its own.
@Command(
    name = "daemon",
    description = "Run the daemon.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class DaemonCommand implements Callable<Integer> {
  private static final Duration SHUTDOWN_LIMIT = Duration.ofSeconds(80);

  private final Terminal terminal;

  @Option(names = "--home", paramLabel = "DIR", description = "The daemon's folder.")
  private @Nullable String home;

  @Option(
      names = "--foreground",
      description = "Stay in this process until SIGTERM or strata stop; for a service manager.")
  private boolean foreground;

  DaemonCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException, StorageException, InterruptedException {
    StrataHome chosen = StrataHome.choose(Optional.ofNullable(home), System.getenv());
    if (!foreground) {
      new DaemonStarter(chosen, terminal.err()).connectOrStart().close();
      return 0;
    }
    runHere(chosen);
    return 0;
  }

  private static void runHere(StrataHome home)
      throws IOException, StorageException, InterruptedException {
    home.prepare();
    Processor.compilersYield();
    DaemonLog.toFile(home);
    System.Logger log = System.getLogger(DaemonCommand.class.getName());
    Daemon daemon;
    try {
      daemon = Daemon.start(home, Daemon.drivers());
    } catch (IOException | StorageException | RuntimeException e) {
      log.log(Level.ERROR, "The daemon could not start", e);
      throw e;
    }
    CountDownLatch closed = new CountDownLatch(1);
    // On SIGTERM the process ends when this hook has ended: the main thread closes the daemon.
    Thread onSignal =
        new Thread(
            () -> {
              daemon.askToStop();
              await(closed);
            },
            "on-signal");
    Runtime.getRuntime().addShutdownHook(onSignal);
    try {
      daemon.awaitStop();
      daemon.close();
    } catch (IOException | StorageException | RuntimeException e) {
      log.log(Level.ERROR, "The daemon did not end cleanly; the next start recovers", e);
      throw e;
    } finally {
      closed.countDown();
    }
  }

  private static void await(CountDownLatch closed) {
    try {
      if (!closed.await(SHUTDOWN_LIMIT.toSeconds(), TimeUnit.SECONDS)) {
        System.getLogger(DaemonCommand.class.getName())
            .log(Level.ERROR, "The daemon is cut off while it closes; the next start recovers");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
