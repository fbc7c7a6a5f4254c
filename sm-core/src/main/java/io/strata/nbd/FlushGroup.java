// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Flushes one export's device for all its connections, one flush at a time.
///
/// Whoever asks while a flush runs shares the next one (group commit). No two flushes overlap, so
/// that an error of the medium, which the system reports once, is seen by everyone it concerns: a
/// failed flush is never tried again, and everybody gets its error until [#reset].
///
/// Nobody is inside the export's gate while waiting here: a flush takes as long as the medium does,
/// and whoever pauses the export lets it end first, by [#hold], while other requests go on.
final class FlushGroup {
  private static final long PROGRESS_CHECK_MILLIS = 1_000;

  /// What a flush does.
  @FunctionalInterface
  interface Flush {
    void run() throws IOException;
  }

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition finished = lock.newCondition();

  // Guarded by lock: flushes that began, and flushes that ended.
  private long begun;
  private long ended;

  // Guarded by lock: whether no flush may begin, and whether nobody waits until one may.
  private boolean held;
  private boolean abandoned;

  /// Written with `lock` held.
  private volatile boolean failed;

  /// Whether a flush failed since the last [#reset].
  boolean failed() {
    return failed;
  }

  /// Forgets a failure: there is another device now.
  void reset() {
    change(() -> failed = false);
  }

  /// Lets no flush begin until [#release], and waits until the one that runs has ended. Does
  /// nothing where they are held already.
  ///
  /// @throws IOException it runs on; flushes are held as they were before
  void hold(Duration timeout) throws IOException {
    lock.lock();
    boolean before = held;
    held = true;
    boolean quiet = false;
    try {
      awaitEnd(timeout);
      quiet = true;
    } finally {
      if (!quiet) {
        held = before;
        finished.signalAll();
      }
      lock.unlock();
    }
  }

  private void awaitEnd(Duration timeout) throws IOException {
    try {
      long left = timeout.toNanos();
      while (begun != ended) {
        if (left <= 0) {
          throw new IOException("a flush still runs after " + timeout);
        }
        left = finished.awaitNanos(left);
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for the end of a flush", interrupted);
    }
  }

  /// Lets flushes begin again.
  void release() {
    change(() -> held = false);
  }

  /// Makes whoever is held, or comes to be, turn back instead.
  void abandon() {
    change(() -> abandoned = true);
  }

  private void change(Runnable change) {
    lock.lock();
    try {
      change.run();
      finished.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Returns after a flush that began after this call.
  ///
  /// @throws IOException it failed, or one before it did
  void flush(Flush flush) throws IOException {
    boolean flushed = flush(flush, true);
    if (!flushed) {
      throw new IOException("the export is withdrawn");
    }
  }

  /// As [#flush], but does not wait where flushes are held.
  ///
  /// @return whether there was a flush
  boolean flushUnlessHeld(Flush flush) throws IOException {
    return flush(flush, false);
  }

  private boolean flush(Flush flush, boolean patient) throws IOException {
    lock.lock();
    try {
      long wanted = begun + 1;
      while (ended < wanted && !failed) {
        if (held && (abandoned || !patient)) {
          return false;
        }
        if (begun == ended && !held) {
          lead(flush);
        } else {
          boolean _ = finished.await(PROGRESS_CHECK_MILLIS, TimeUnit.MILLISECONDS);
        }
      }
      if (failed) {
        throw new IOException("a flush failed: the export takes no more writes");
      }
      return true;
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for a flush", interrupted);
    } finally {
      lock.unlock();
    }
  }

  /// Runs one flush without the lock, so that others can queue for the next.
  private void lead(Flush flush) throws IOException {
    begun++;
    boolean good = false;
    lock.unlock();
    try {
      flush.run();
      good = true;
    } finally {
      lock.lock();
      failed |= !good;
      ended = begun;
      finished.signalAll();
    }
  }
}
