// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import io.strata.block.BlockDevice.Durability;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// The blocks of a writable leaf in memory, and which of them have changes that no commit has
/// covered. Bitmaps are read when they are first asked for, and kept within [MetadataBudget].
///
/// **Locks.** A block's lock is held where it is allocated, its bits are set, or it is dropped.
final class LeafBlocks implements MetadataBudget.Holder {
  private static final int LOCKS = 64;
  private static final int PAGE_SHIFT = 9;
  private static final int PAGE_BLOCKS = 1 << PAGE_SHIFT;

  /// Bound on changed blocks in memory: at 2 MiB blocks, 8 MiB of bitmaps.
  private static final int MOST_DIRTY = 16 * 1024;

  /// What a block takes beside its bitmap, with its place in a page.
  private static final int BLOCK_BYTES = 64;

  private final Layer layer;
  private final BlockGeometry geometry;
  private final AllocationTable table;
  private final BlockAllocator allocator;
  private final ReentrantLock commitLock;
  private final AtomicReferenceArray<AtomicReferenceArray<LeafBlock>> pages;
  private final ReentrantLock[] blockLocks = new ReentrantLock[LOCKS];

  // Guarded by itself.
  private final Set<LeafBlock> dirty = new LinkedHashSet<>();
  // Written while dirty is held; read without it, where a little late does not matter.
  private volatile int dirtyCount;
  // Written while dirty is held.
  private volatile long heldBytes;
  private volatile boolean commitWanted;

  // Guarded by itself: blocks that became full and were dropped since.
  private final BitSet fullDropped = new BitSet();

  private final MetadataBudget budget;

  /// Exchanged before the leaf is in use.
  private volatile CacheCounters counters;

  /// @param commitLock held while blocks are neither marked as changed nor on disk
  LeafBlocks(
      Layer layer, BlockAllocator allocator, ReentrantLock commitLock, MetadataBudget budget) {
    this.layer = layer;
    this.allocator = allocator;
    this.commitLock = commitLock;
    geometry = layer.geometry();
    table = layer.table();
    pages = new AtomicReferenceArray<>((table.blockCount() >>> PAGE_SHIFT) + 1);
    for (int i = 0; i < LOCKS; i++) {
      blockLocks[i] = new ReentrantLock();
    }
    this.budget = budget;
    counters = new CacheCounters(budget);
    budget.add(this);
  }

  /// Counts for another from now on what is found in memory.
  void countBy(CacheCounters disk) {
    counters = disk;
  }

  /// The block if it is allocated; its bitmap is read when it is first asked for.
  @Nullable LeafBlock block(int index) throws IOException {
    LeafBlock block = inMemory(index);
    if (block != null) {
      counters.hit();
      return block;
    }
    if (table.sector(index) < 0) {
      return null;
    }
    ReentrantLock lock = lockOf(index);
    lock.lock();
    try {
      return blockLocked(index);
    } finally {
      lock.unlock();
    }
  }

  /// The lock under which a block is allocated and its bits are set.
  ReentrantLock lockOf(int index) {
    return blockLocks[index & LOCKS - 1];
  }

  /// As [#block], by the holder of the block's lock.
  @Nullable LeafBlock blockLocked(int index) throws IOException {
    AtomicReferenceArray<LeafBlock> page = page(index);
    LeafBlock block = page.get(index & PAGE_BLOCKS - 1);
    long sector = table.sector(index);
    if (block != null || sector < 0) {
      return block;
    }
    counters.missed();
    block = new LeafBlock(index, sector, geometry.sectorsPerBlock(), layer.readBitmap(index), true);
    keep(page, block);
    return block;
  }

  /// Allocates a block with no sector present, by the holder of its lock. Its data reads as zeroes.
  LeafBlock allocateLocked(int index) throws IOException {
    long sector = allocator.allocate();
    try {
      // The bitmap takes its space now, so that no flush finds the file system full.
      layer
          .container()
          .write(
              sector * VhdLayout.SECTOR_BYTES,
              ByteBuffer.allocate(geometry.bitmapBytes()),
              Durability.WRITE_BACK);
    } catch (IOException e) {
      allocator.giveBack(sector);
      throw e;
    }
    LeafBlock block =
        new LeafBlock(
            index, sector, geometry.sectorsPerBlock(), new long[geometry.bitmapWords()], false);
    keep(page(index), block);
    synchronized (table) {
      table.set(index, sector);
    }
    return block;
  }

  /// The block if it is in memory.
  @Nullable LeafBlock inMemory(int index) {
    AtomicReferenceArray<LeafBlock> page = pages.get(index >>> PAGE_SHIFT);
    return page == null ? null : page.get(index & PAGE_BLOCKS - 1);
  }

  /// Marks sectors present whose data was written, by the holder of the block's lock.
  void addSectors(LeafBlock block, int from, int end) {
    if (block.add(from, end) || !block.published()) {
      markDirty(block);
    }
  }

  /// Whether changed metadata should be committed before more is made.
  boolean commitDue() {
    return dirtyCount >= MOST_DIRTY || (commitWanted && dirtyCount > 0);
  }

  /// The changed blocks. The caller unmarks each before it takes its bits, and marks all of them
  /// again if they don't get to the disk.
  List<LeafBlock> takeDirty() {
    synchronized (dirty) {
      List<LeafBlock> changed = List.copyOf(dirty);
      dirty.clear();
      dirtyCount = 0;
      commitWanted = false;
      return changed;
    }
  }

  /// The bits of a block that is in memory: of each that has changes which no commit has covered.
  long @Nullable [] bitsInMemory(int index) {
    LeafBlock block = inMemory(index);
    return block == null ? null : block.snapshot();
  }

  private void markDirty(LeafBlock block) {
    if (!block.dirty()) {
      markDirty(List.of(block));
    }
  }

  /// Marks blocks as changed: also those that [#takeDirty] took and that are not on disk, whether
  /// they were unmarked since or not.
  void markDirty(List<LeafBlock> changed) {
    synchronized (dirty) {
      for (LeafBlock block : changed) {
        block.dirty(true);
        dirty.add(block);
      }
      dirtyCount = dirty.size();
    }
  }

  /// Adds the blocks that are full, as far as they were in memory.
  void addFullTo(BitSet full) {
    synchronized (fullDropped) {
      full.or(fullDropped);
    }
    for (int p = 0; p < pages.length(); p++) {
      AtomicReferenceArray<LeafBlock> page = pages.get(p);
      for (int i = 0; page != null && i < PAGE_BLOCKS; i++) {
        LeafBlock block = page.get(i);
        if (block != null && block.full()) {
          full.set(block.index());
        }
      }
    }
  }

  private AtomicReferenceArray<LeafBlock> page(int index) {
    int number = index >>> PAGE_SHIFT;
    AtomicReferenceArray<LeafBlock> page = pages.get(number);
    if (page == null) {
      page = new AtomicReferenceArray<>(PAGE_BLOCKS);
      if (!pages.compareAndSet(number, null, page)) {
        page = pages.get(number);
      }
    }
    return page;
  }

  private void keep(AtomicReferenceArray<LeafBlock> page, LeafBlock block) {
    page.set(block.index() & PAGE_BLOCKS - 1, block);
    long bytes = bytesOf(block);
    synchronized (dirty) {
      heldBytes += bytes;
    }
    budget.grew(bytes);
  }

  private long bytesOf(LeafBlock block) {
    return BLOCK_BYTES + (block.full() ? 0 : (long) geometry.bitmapWords() * Long.BYTES);
  }

  @Override
  public long heldBytes() {
    return heldBytes;
  }

  /// Drops blocks that can be read again: never during a commit, whose blocks are not marked as
  /// changed any more and not yet on disk.
  @Override
  public void shrink() {
    if (!commitLock.tryLock()) {
      return;
    }
    try {
      long left = 0;
      for (int p = 0; p < pages.length(); p++) {
        AtomicReferenceArray<LeafBlock> page = pages.get(p);
        for (int i = 0; page != null && i < PAGE_BLOCKS; i++) {
          LeafBlock block = page.get(i);
          left += block == null || drop(page, i, block) ? 0 : bytesOf(block);
        }
      }
      synchronized (dirty) {
        heldBytes = left;
      }
      commitWanted = true;
    } finally {
      commitLock.unlock();
    }
  }

  /// Under the block's lock where that is free, and not held by this thread itself, so that nobody
  /// is about to set bits in the block.
  private boolean drop(AtomicReferenceArray<LeafBlock> page, int place, LeafBlock block) {
    ReentrantLock lock = lockOf(block.index());
    if (lock.isHeldByCurrentThread() || !lock.tryLock()) {
      return false;
    }
    try {
      if (!block.published() || block.dirty()) {
        return false;
      }
      if (block.full() && !layer.knownFull(block.index())) {
        synchronized (fullDropped) {
          fullDropped.set(block.index());
        }
      }
      page.set(place, null);
      return true;
    } finally {
      lock.unlock();
    }
  }
}
