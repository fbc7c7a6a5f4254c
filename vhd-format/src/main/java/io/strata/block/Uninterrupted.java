// SPDX-License-Identifier: Apache-2.0
package io.strata.block;

/// Waits that have to be waited for, since memory or files are in use until then. An interruption
/// is kept for whoever waits next.
final class Uninterrupted {
  private Uninterrupted() {}

  /// A wait that can be begun again.
  interface Wait<T> {
    T get() throws InterruptedException;
  }

  static <T> T get(Wait<T> wait) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return wait.get();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  static void join(Thread thread) {
    boolean _ =
        get(() -> {
          thread.join();
          return true;
        });
  }
}
