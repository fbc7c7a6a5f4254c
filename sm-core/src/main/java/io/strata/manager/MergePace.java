// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.spi.StorageException;
import io.strata.spi.VhdTree;
import java.util.concurrent.locks.LockSupport;

/// Follows a merge and leaves the guests a part of the time while they are busy.
final class MergePace implements VhdTree.MergeProgress {
  private static final long PIECE_BYTES = 1L << 20;

  private final ServedDisks disks;
  private final Share share;
  private final Check check;
  private final Durable durable;
  private long bytes;
  private long since = System.nanoTime();
  private long seenRequests;

  /// What busy guests are left.
  enum Share {
    /// Half of the time.
    HALF(1),
    /// A quarter: for what must become less faster than a guest makes more of it.
    QUARTER(3);

    private final int workPerRest;

    Share(int workPerRest) {
      this.workPerRest = workPerRest;
    }
  }

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

  MergePace(ServedDisks disks, Share share, Check check, Durable durable) {
    this.disks = disks;
    this.share = share;
    this.check = check;
    this.durable = durable;
  }

  @Override
  public void merged(long more) throws StorageException {
    check.goOn();
    bytes += more;
    if (bytes < PIECE_BYTES) {
      return;
    }
    bytes = 0;
    long busy = System.nanoTime() - since;
    long requests = disks.requests();
    boolean guestsBusy = requests != seenRequests;
    seenRequests = requests;
    if (guestsBusy) {
      LockSupport.parkNanos(busy / share.workPerRest);
    }
    since = System.nanoTime();
  }

  @Override
  public void durableUpTo(int block) throws StorageException {
    durable.upTo(block);
  }
}
