// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

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

  /// Waits until nothing is open any more that was to be closed.
  void await() {
    boolean interrupted = false;
    for (Thread thread : running) {
      while (thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
