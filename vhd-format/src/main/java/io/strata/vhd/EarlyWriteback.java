// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import io.strata.block.Container;
import java.io.Closeable;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/// Brings to the medium what a merge wrote, while the merge goes on, so that its flush finds little
/// left to wait for.
///
/// What lies close together goes together, as one window of the container, also where little of it
/// was written: the kernel only looks at what has changed. Threads of its own wait for the medium;
/// they start with the first window. Windows that come faster than the medium takes them are left
/// to the flush.
///
/// [#written] and [#close] are for one thread.
final class EarlyWriteback implements Closeable {
  private static final long WINDOW_BYTES = 8L << 20;
  private static final int THREADS = 4;
  private static final int MOST_WAITING = 64;
  private static final Window END = new Window(-1, 0);

  private final BlockingQueue<Window> windows = new ArrayBlockingQueue<>(MOST_WAITING);
  private final List<Thread> threads = new ArrayList<>();
  private final Container container;
  private long start;
  private long end;

  private record Window(long offsetBytes, long lengthBytes) {}

  EarlyWriteback(Container container) {
    this.container = container;
  }

  void written(long offsetBytes, long lengthBytes) {
    long writtenEnd = offsetBytes + lengthBytes;
    long from = end == 0 ? offsetBytes : Math.min(start, offsetBytes);
    long to = Math.max(end, writtenEnd);
    if (end > 0 && to - from > WINDOW_BYTES) {
      send();
      start = offsetBytes;
      end = writtenEnd;
    } else {
      start = from;
      end = to;
    }
  }

  private void send() {
    if (threads.isEmpty()) {
      for (int i = 0; i < THREADS; i++) {
        threads.add(Thread.ofPlatform().daemon().name("writeback").start(this::work));
      }
    }
    boolean _ = windows.offer(new Window(start, end - start));
  }

  private void work() {
    try {
      for (Window window = windows.take(); !window.equals(END); window = windows.take()) {
        container.writeback(window.offsetBytes(), window.lengthBytes());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Waits for the threads: the container is not used after this.
  @Override
  public void close() {
    windows.clear();
    boolean interrupted = false;
    for (int i = 0; i < threads.size(); i++) {
      // There is room: nobody else adds.
      boolean _ = windows.offer(END);
    }
    for (Thread thread : threads) {
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
