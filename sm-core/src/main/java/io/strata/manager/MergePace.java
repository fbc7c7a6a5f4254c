// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.spi.StorageException;
import io.strata.spi.VhdTree;
import java.util.concurrent.locks.LockSupport;

/// Follows a merge and leaves the guests half of the time while they are busy.
final class MergePace implements VhdTree.MergeProgress {
  /// How long a merge works before it rests. When it is woken, it may take the processor from a
  /// guest's request; so it is woken a hundred times a second, and not thousands of times.
  private static final long BURST_NANOS = 5_000_000;

  /// How long guests count as busy after a request.
  private static final long BUSY_NANOS = 10_000_000;

  private final ServedDisks disks;
  private final Check check;
  private final Durable durable;
  private long since = System.nanoTime();
  private long seenRequests;
  private long seenAt = since - BUSY_NANOS;

  /// May refuse to go on.
  @FunctionalInterface
  interface Check {
    void goOn() throws StorageException;
  }

  /// Takes up to which block a merge is on stable storage.
  @FunctionalInterface
  interface Durable {
    void upTo(int block) throws StorageException;
  }

  MergePace(ServedDisks disks, Check check, Durable durable) {
    this.disks = disks;
    this.check = check;
    this.durable = durable;
  }

  @Override
  public void merged(long bytes) throws StorageException {
    check.goOn();
    long now = System.nanoTime();
    long busy = now - since;
    if (busy < BURST_NANOS) {
      return;
    }
    long requests = disks.requests();
    if (requests != seenRequests) {
      seenRequests = requests;
      seenAt = now;
    }
    if (now - seenAt < BUSY_NANOS) {
      LockSupport.parkNanos(busy);
    }
    since = System.nanoTime();
  }

  @Override
  public void durableUpTo(int block) throws StorageException {
    durable.upTo(block);
  }
}
