// SPDX-License-Identifier: Apache-2.0
package io.strata.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/// A guest that writes 4 KiB at random places, one after another, and notes how long each took.
/// [#stop] ends it.
final class Guest {
  static final int BLOCK_BYTES = 4096;
  private static final int MOST_WRITES = 16 << 20;

  private final GuestConnection disk;
  private final long spanBytes;
  private final CompletableFuture<@Nullable Void> ended = new CompletableFuture<>();

  /// Outside of the heap: a guest is no load for the collector of the daemon that serves it.
  private final IntBuffer microseconds =
      ByteBuffer.allocateDirect(MOST_WRITES * Integer.BYTES)
          .order(ByteOrder.nativeOrder())
          .asIntBuffer();

  private volatile int writes;
  private volatile boolean stopped;

  private Guest(GuestConnection disk, long spanBytes) {
    this.disk = disk;
    this.spanBytes = spanBytes;
  }

  /// @param disk the guest's alone, until it is closed after [#stop]
  /// @param spanBytes how much of the disk it writes to
  static Guest start(GuestConnection disk, long spanBytes) {
    Guest guest = new Guest(disk, spanBytes);
    Thread.ofPlatform().name("guest").start(guest::run);
    return guest;
  }

  private void run() {
    try {
      Random random = new Random(7);
      ByteBuffer content = ByteBuffer.allocateDirect(BLOCK_BYTES);
      while (!stopped && writes < MOST_WRITES) {
        content.clear().putLong(0, random.nextLong() | 1);
        long at = random.nextLong(spanBytes / BLOCK_BYTES) * BLOCK_BYTES;
        long start = System.nanoTime();
        disk.write(at, content);
        microseconds.put(writes, (int) ((System.nanoTime() - start) / 1000));
        // One thread counts; the others only look.
        int done = writes + 1;
        writes = done;
      }
      ended.complete(null);
    } catch (IOException | RuntimeException e) {
      ended.completeExceptionally(e);
    }
  }

  int writes() {
    return writes;
  }

  /// Milliseconds of each write from one count to another.
  Samples milliseconds(int from, int end) {
    Samples samples = new Samples();
    for (int i = from; i < end; i++) {
      samples.add(microseconds.get(i) / 1000.0);
    }
    return samples;
  }

  void stop() throws IOException, InterruptedException {
    stopped = true;
    try {
      ended.get();
    } catch (ExecutionException e) {
      throw new IOException("the guest's write failed: " + e.getCause(), e);
    }
  }
}
