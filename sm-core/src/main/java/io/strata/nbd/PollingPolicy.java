// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import java.util.concurrent.atomic.AtomicInteger;

/// When a connection waits awake for its client: for the next request, or the rest of one.
///
/// Only while the client has nothing else to wait for, having made one request or half of one, and
/// the last waits were short; one poll in vain, and they must have been short again for a while. At
/// most half of the processors are ever used for polling, whatever the number of connections.
///
/// For one thread, except for what all connections share.
final class PollingPolicy {
  /// A poll ends after this, and a wait that is not longer is short.
  static final long LONGEST_NANOS = 100_000;

  /// Short waits before the first poll, and after one in vain.
  static final int SHORT_WAITS = 16;

  /// How many connections may poll at once.
  static final class Pollers {
    /// Of this process.
    static final Pollers PROCESS = new Pollers(Runtime.getRuntime().availableProcessors() / 2);

    private final int most;
    private final AtomicInteger polling = new AtomicInteger();

    Pollers(int most) {
      this.most = most;
    }

    private boolean enter() {
      if (polling.get() >= most) {
        return false;
      }
      if (polling.incrementAndGet() > most) {
        polling.decrementAndGet();
        return false;
      }
      return true;
    }

    private void leave() {
      polling.decrementAndGet();
    }

    int polling() {
      return polling.get();
    }
  }

  private final Pollers pollers;
  private boolean alone;
  private int shortWaits;

  PollingPolicy(Pollers pollers) {
    this.pollers = pollers;
  }

  /// Takes note of what the client did last.
  void served(boolean onlyOne) {
    alone = onlyOne;
  }

  /// Whether to poll now; [#stopPolling] follows then.
  boolean startPolling() {
    return alone && shortWaits >= SHORT_WAITS && pollers.enter();
  }

  void stopPolling() {
    pollers.leave();
  }

  /// A poll found nothing.
  void missed() {
    shortWaits = 0;
  }

  /// The thread slept until the client sent something.
  void waited(long nanos) {
    shortWaits = alone && nanos <= LONGEST_NANOS ? Math.min(shortWaits + 1, SHORT_WAITS) : 0;
  }
}
