// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// When work is done that comes round again and again without being asked for.
@FunctionalInterface
public interface Schedule {

  /// By the system's time, each work on a virtual thread of its own, so that no work waits for
  /// another. A thread at work is never interrupted: that would close the files it has in hand.
  Schedule SYSTEM = Schedule::onOwnThread;

  /// Work that comes round.
  @FunctionalInterface
  interface Round extends AutoCloseable {
    /// Begins no other round. One that runs ends by itself. Idempotent; returns at once.
    @Override
    void close();
  }

  /// Runs the work once in every interval, beginning after the first one.
  ///
  /// @param name for people
  /// @param work throws nothing
  Round every(Duration interval, String name, Runnable work);

  private static Round onOwnThread(Duration interval, String name, Runnable work) {
    CountDownLatch ended = new CountDownLatch(1);
    Thread.ofVirtual()
        .name(name)
        .start(() -> {
          try {
            while (!ended.await(interval.toNanos(), TimeUnit.NANOSECONDS)) {
              work.run();
            }
          } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
          }
        });
    return ended::countDown;
  }
}
