// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import io.strata.block.Container;
import java.io.Closeable;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/// Starts the way to the medium of what a merge wrote, while the merge goes on, so that its flush
/// finds little left to wait for.
///
/// One thread of its own, since the hint may wait for the device's queue; it starts with the first
/// range. Ranges that come faster than the device takes them are left to the flush, and so are
/// short ones: many of them are written faster together.
final class EarlyWriteback implements Closeable {
  private static final int SHORTEST_BYTES = 64 * 1024;
  private static final int MOST_WAITING = 64;
  private static final Range END = new Range(-1, 0);

  private final BlockingQueue<Range> ranges = new ArrayBlockingQueue<>(MOST_WAITING);
  private final Container container;
  private final Thread thread;

  private record Range(long offsetBytes, long lengthBytes) {}

  EarlyWriteback(Container container) {
    this.container = container;
    thread = Thread.ofPlatform().daemon().name("writeback").unstarted(this::work);
  }

  void written(long offsetBytes, long lengthBytes) {
    if (lengthBytes < SHORTEST_BYTES) {
      return;
    }
    if (thread.getState() == Thread.State.NEW) {
      thread.start();
    }
    boolean _ = ranges.offer(new Range(offsetBytes, lengthBytes));
  }

  private void work() {
    try {
      for (Range range = ranges.take(); !range.equals(END); range = ranges.take()) {
        container.startWriteback(range.offsetBytes(), range.lengthBytes());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Waits for the thread: the container is not used after this.
  @Override
  public void close() {
    ranges.clear();
    // There is room: nobody else adds.
    boolean _ = ranges.offer(END);
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
