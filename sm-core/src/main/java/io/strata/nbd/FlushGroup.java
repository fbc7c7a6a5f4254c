// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Flushes one export's device for all its connections, one flush at a time.
///
/// Whoever asks while a flush runs shares the next one (group commit). No two flushes overlap, so
/// that an error of the medium, which the system reports once, is seen by everyone it concerns: a
/// failed flush is never tried again, and everybody gets its error until [#reset].
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

  /// Written with `lock` held.
  private volatile boolean failed;

  /// Whether a flush failed since the last [#reset].
  boolean failed() {
    return failed;
  }

  /// Forgets a failure: there is another device now.
  void reset() {
    lock.lock();
    try {
      failed = false;
    } finally {
      lock.unlock();
    }
  }

  /// Returns after a flush that began after this call.
  ///
  /// @throws IOException it failed, or one before it did
  void flush(Flush flush) throws IOException {
    lock.lock();
    try {
      long wanted = begun + 1;
      while (ended < wanted && !failed) {
        if (begun == ended) {
          lead(flush);
        } else {
          boolean _ = finished.await(PROGRESS_CHECK_MILLIS, TimeUnit.MILLISECONDS);
        }
      }
      if (failed) {
        throw new IOException("a flush failed: the export takes no more writes");
      }
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
