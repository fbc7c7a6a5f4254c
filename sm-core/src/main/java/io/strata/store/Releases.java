// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Closes images that are gone, while others go on: the kernel frees a deleted file's storage at
/// its last close, which takes seconds where that lies scattered.
final class Releases {
  private static final int MOST_AT_ONCE = 4;

  private final Set<Thread> running = ConcurrentHashMap.newKeySet();

  /// Runs the work on a thread of its own; where many run already, at once.
  void begin(Runnable work) {
    if (running.size() >= MOST_AT_ONCE) {
      work.run();
      return;
    }
    Thread thread =
        Thread.ofPlatform()
            .name("release")
            .daemon()
            .unstarted(() -> {
              try {
                work.run();
              } finally {
                running.remove(Thread.currentThread());
              }
            });
    running.add(thread);
    thread.start();
  }

  /// Waits until nothing is open any more that was to be closed, or the time is over: a kernel that
  /// frees a large file's storage can't be hurried, and nothing is lost if that goes on.
  ///
  /// @return how many are still being closed
  int await(Duration patience) {
    long deadline = System.nanoTime() + patience.toNanos();
    try {
      for (Thread thread : running) {
        Duration left = Duration.ofNanos(Math.max(1, deadline - System.nanoTime()));
        boolean _ = thread.join(left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return running.size();
  }
}
