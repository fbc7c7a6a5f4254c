// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import io.strata.host.DetachedProcess;
import io.strata.spi.StorageException;
import io.strata.toolstack.StrataHome;
import io.strata.toolstack.rpc.ApiClient;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/// A demo's scratch folder and daemon. Both are gone after [#end], whenever a signal comes: also
/// while the daemon starts or the image is made. For the demo's thread and a signal's.
final class DemoSession {
  private static final Duration DAEMON_LIMIT = Duration.ofSeconds(30);

  private final DemoFolder folder;
  private final PrintStream messages;
  private final DaemonStarter starter;
  private final Thread worker;
  private final Thread onSignal;

  /// Guarded by this, as is what follows: no daemon starts after the end.
  private boolean ended;

  private Optional<DetachedProcess> daemon = Optional.empty();

  private DemoSession(DemoFolder folder, PrintStream messages) {
    this.folder = folder;
    this.messages = messages;
    this.starter = new DaemonStarter(new StrataHome(folder.home()), messages);
    this.worker = Thread.currentThread();
    this.onSignal = new Thread(this::interrupted, "demo-clean-up");
  }

  /// Makes the folder, for the thread that calls.
  static DemoSession begin(PrintStream messages) throws IOException, StorageException {
    DemoSession session = new DemoSession(DemoFolder.make(), messages);
    Runtime.getRuntime().addShutdownHook(session.onSignal);
    return session;
  }

  DemoFolder folder() {
    return folder;
  }

  /// Starts the daemon, and waits until it answers.
  ApiClient startDaemon() throws IOException, StorageException {
    DetachedProcess started;
    synchronized (this) {
      if (ended) {
        throw new IOException("The demo was interrupted.");
      }
      started = starter.launch();
      daemon = Optional.of(started);
    }
    return starter.awaitAnswer(started);
  }

  /// Signals are no longer looked after: to be called once all is in order. Where one is being
  /// looked after already, this does not return: the process ends once the folder is gone.
  void leaveSignals() {
    try {
      Runtime.getRuntime().removeShutdownHook(onSignal);
    } catch (IllegalStateException processEnds) {
      while (true) {
        LockSupport.park(this);
        Thread.interrupted();
      }
    }
  }

  /// Stops the daemon and removes the folder; whoever comes second waits for the first.
  synchronized void end() throws IOException {
    ended = true;
    if (daemon.isPresent()) {
      daemon.get().end(DAEMON_LIMIT);
    }
    folder.delete();
  }

  /// [#end], saying what is left where it fails.
  void endQuietly() {
    try {
      end();
    } catch (IOException e) {
      messages.println(
          "The demo's folder could not be removed: " + folder.root() + ": " + e.getMessage() + ".");
      messages.println("Remove it with: rm -r " + folder.root());
    }
  }

  private void interrupted() {
    messages.println();
    messages.println("Interrupted: the demo's daemon is stopped and its folder removed.");
    worker.interrupt();
    endQuietly();
    messages.flush();
  }
}
