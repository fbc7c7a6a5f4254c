// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import io.strata.block.BlockDevice;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;

/// Writes an [Overlay] to a disk, piece after piece, on a thread of its own. A snapshot that is
/// taken meanwhile holds a prefix of the pieces and nothing else: that can be checked to the byte.
final class OverlayWriter {
  private static final Duration LIMIT = Duration.ofMinutes(5);
  private static final long PAUSE_NANOS = 200_000;

  private final BlockDevice disk;
  private final Overlay overlay;
  private final CountDownLatch underWay = new CountDownLatch(1);
  private final FutureTask<Void> task = new FutureTask<>(this::write);
  private volatile int begun;
  private volatile int acknowledged;
  private volatile boolean hurry;

  OverlayWriter(BlockDevice disk, Overlay overlay) {
    this.disk = disk;
    this.overlay = overlay;
  }

  /// Starts, and returns once a quarter is written; the rest is written at leisure.
  void start() throws IOException {
    Thread.ofPlatform().daemon().name("demo-writer").start(task);
    try {
      if (!underWay.await(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
        throw new IOException("Writing over NBD hangs.");
      }
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private Void write() throws IOException {
    try {
      for (int i = 0; i < overlay.pieces(); i++) {
        begun = i + 1;
        disk.write(overlay.offsetBytes(i), overlay.piece(i));
        acknowledged = i + 1;
        if (i == overlay.pieces() / 4) {
          underWay.countDown();
        }
        if (!hurry && i > overlay.pieces() / 4) {
          LockSupport.parkNanos(PAUSE_NANOS);
        }
      }
      disk.flush();
    } finally {
      underWay.countDown();
    }
    return null;
  }

  /// Pieces that the disk has taken.
  int acknowledged() {
    return acknowledged;
  }

  /// Pieces that the disk has taken, or is about to.
  int begun() {
    return begun;
  }

  /// Writes the rest without pauses, and waits for its end.
  void finish() throws IOException {
    hurry = true;
    try {
      task.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw interrupted(e);
    } catch (TimeoutException e) {
      throw new IOException("Writing over NBD hangs.", e);
    } catch (ExecutionException e) {
      throw new IOException("Writing over NBD failed: " + e.getCause(), e);
    }
  }

  private static IOException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return new IOException("interrupted", e);
  }
}
