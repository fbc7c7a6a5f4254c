// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// The live connections of an export or a server, with what those that are gone have done.
final class ConnectionSet {
  /// How long connections may take to finish by themselves before they are cut.
  private static final long FINISH_NANOS = TimeUnit.SECONDS.toNanos(2);

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition left = lock.newCondition();

  // Guarded by lock.
  private final Set<ExportConnection> live = new HashSet<>();
  private final RequestCounters gone = new RequestCounters();
  private boolean closed;

  /// Adds a connection.
  ///
  /// @return whether it may be served: not after [#close]
  boolean add(ExportConnection connection) {
    lock.lock();
    try {
      return !closed && live.add(connection);
    } finally {
      lock.unlock();
    }
  }

  /// Takes a connection out whose last request has ended.
  void remove(ExportConnection connection) {
    lock.lock();
    try {
      if (live.remove(connection)) {
        gone.addAll(connection.counters());
        gone.forgetInflight();
        left.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  int size() {
    lock.lock();
    try {
      return live.size();
    } finally {
      lock.unlock();
    }
  }

  /// The sum over all connections, past and present.
  ExportStatistics statistics() {
    RequestCounters sum = new RequestCounters();
    lock.lock();
    try {
      sum.addAll(gone);
      live.forEach(connection -> sum.addAll(connection.counters()));
    } finally {
      lock.unlock();
    }
    return sum.toStatistics();
  }

  /// Admits nobody from now on, and ends every connection.
  ///
  /// @return whether all have ended within the time
  boolean close(Duration timeout) {
    long deadline = System.nanoTime() + timeout.toNanos();
    lock.lock();
    try {
      closed = true;
      List.copyOf(live).forEach(ExportConnection::finish);
      awaitNone(Math.min(timeout.toNanos(), FINISH_NANOS));
      List.copyOf(live).forEach(ExportConnection::cut);
      awaitNone(deadline - System.nanoTime());
      return live.isEmpty();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      return live.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  private void awaitNone(long nanos) throws InterruptedException {
    long remaining = nanos;
    while (!live.isEmpty() && remaining > 0) {
      remaining = left.awaitNanos(remaining);
    }
  }
}
