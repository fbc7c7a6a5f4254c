// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;

/// A bound on what all open images of a process keep in memory of bitmaps and merged parents: they
/// can be read again. The image that holds most gives up what it can when the bound is reached.
///
/// Images that are no longer in use are forgotten by themselves. Safe for many threads; takes no
/// lock unless the bound is reached.
final class MetadataBudget {
  /// For every image that this process opens: the bitmaps of 512 GiB of half-written blocks.
  static final MetadataBudget PROCESS = new MetadataBudget(128L << 20);

  /// Something that keeps metadata which can be read again.
  interface Holder {
    /// Bytes kept, as last reported.
    long heldBytes();

    /// Gives up what can be read again. Never waits for a lock.
    void shrink();
  }

  private final long mostBytes;
  private final AtomicLong usedBytes = new AtomicLong();
  private final LongAdder hits = new LongAdder();
  private final LongAdder misses = new LongAdder();
  private final LongAdder shrinks = new LongAdder();
  private final ReentrantLock shrinking = new ReentrantLock();

  // Guarded by itself.
  private final Set<Holder> holders = Collections.newSetFromMap(new WeakHashMap<>());

  MetadataBudget(long mostBytes) {
    this.mostBytes = mostBytes;
  }

  /// Adds a holder, which is forgotten when nobody else refers to it.
  void add(Holder holder) {
    synchronized (holders) {
      holders.add(holder);
    }
  }

  /// To be called after a holder came to keep more, with what it keeps counted in.
  void grew(long bytes) {
    if (usedBytes.addAndGet(bytes) > mostBytes && shrinking.tryLock()) {
      try {
        shrinkLargest();
      } finally {
        shrinking.unlock();
      }
    }
  }

  /// To be called when metadata was asked for and was kept.
  void hit() {
    hits.increment();
  }

  /// To be called when metadata had to be read that was not kept.
  void missed() {
    misses.increment();
  }

  MetadataCacheStatistics statistics() {
    return new MetadataCacheStatistics(
        usedBytes.get(), mostBytes, hits.sum(), misses.sum(), shrinks.sum());
  }

  private void shrinkLargest() {
    List<Holder> all;
    synchronized (holders) {
      all = List.copyOf(holders);
    }
    long used = sum(all);
    if (used > mostBytes) {
      Optional<Holder> largest = all.stream().max(Comparator.comparingLong(Holder::heldBytes));
      largest.ifPresent(Holder::shrink);
      shrinks.increment();
      used = sum(all);
    }
    usedBytes.set(used);
  }

  private static long sum(List<Holder> holders) {
    return holders.stream().mapToLong(Holder::heldBytes).sum();
  }
}
