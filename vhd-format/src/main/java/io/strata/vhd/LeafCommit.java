// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static io.strata.vhd.VhdLayout.SECTOR_BYTES;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.Container;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/// The order in which a writable leaf's metadata reaches the disk; [WritableLeaf] says why.
final class LeafCommit {
  private final Container container;
  private final BlockGeometry geometry;
  private final AllocationTable table;
  private final long tableOffsetBytes;
  private final BlockAllocator allocator;
  private final LeafBlocks blocks;
  private final LeafFooter footer;
  private final LeafBarrier barrier;
  private final ReentrantLock lock;
  private final AtomicLong requested = new AtomicLong();

  // Guarded by lock.
  private long done;

  LeafCommit(
      Layer layer,
      BlockAllocator allocator,
      LeafBlocks blocks,
      LeafFooter footer,
      LeafBarrier barrier,
      ReentrantLock lock) {
    container = layer.container();
    geometry = layer.geometry();
    table = layer.table();
    tableOffsetBytes = layer.metadata().dynamicHeader().tableOffsetBytes();
    this.allocator = allocator;
    this.blocks = blocks;
    this.footer = footer;
    this.barrier = barrier;
    this.lock = lock;
  }

  /// Makes every change that returned before this call durable. Callers that come together share
  /// one commit.
  void commit() throws IOException {
    long ticket = requested.incrementAndGet();
    lock.lock();
    try {
      barrier.checkUsable();
      if (done >= ticket) {
        return;
      }
      long covers = requested.get();
      commit(blocks.takeDirty());
      done = covers;
    } finally {
      lock.unlock();
    }
  }

  private void commit(List<LeafBlock> changed) throws IOException {
    boolean durable = false;
    try {
      write(changed);
      durable = true;
    } finally {
      if (!durable) {
        // All of them, so that the next commit misses none.
        blocks.markDirty(changed);
      }
    }
  }

  private void write(List<LeafBlock> changed) throws IOException {
    int released = allocator.heldBack();
    // Where the growth that holds them back could not write it.
    footer.spread();
    List<Pending> known = new ArrayList<>();
    List<LeafBlock> added = new ArrayList<>();
    for (LeafBlock block : changed) {
      block.dirty(false);
      long[] bits = block.snapshot();
      if (block.named()) {
        known.add(new Pending(block, bits));
      } else {
        writeBitmap(block, bits);
      }
      if (!block.published()) {
        added.add(block);
      }
    }
    // Barrier 1: data, and bitmaps of blocks that nothing names yet.
    barrier.run();
    if (!changed.isEmpty()) {
      footer.spread();
      for (Pending pending : known) {
        writeBitmap(pending.block(), pending.bits());
      }
      writeTable(added);
      // Barrier 2: what names them.
      barrier.run();
      added.forEach(LeafBlock::markPublished);
    }
    allocator.release(released);
  }

  /// A known block and its bits as they were before the barrier.
  private record Pending(LeafBlock block, long[] bits) {}

  private void writeBitmap(LeafBlock block, long[] bits) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(geometry.bitmapBytes());
    SectorBitmap.write(bits, bytes);
    container.write(block.sector() * SECTOR_BYTES, bytes.clear(), Durability.WRITE_BACK);
  }

  /// Writes the BAT sectors of new blocks; entries of blocks that are newer still stay unallocated.
  private void writeTable(List<LeafBlock> added) throws IOException {
    BitSet inCommit = new BitSet();
    BitSet tableSectors = new BitSet();
    for (LeafBlock block : added) {
      // From here on: if a later sector fails, this block's may be on disk all the same.
      block.markNamed();
      inCommit.set(block.index());
      tableSectors.set(block.index() / AllocationTable.ENTRIES_PER_SECTOR);
    }
    ByteBuffer sector = ByteBuffer.allocate(SECTOR_BYTES);
    for (int s = tableSectors.nextSetBit(0); s >= 0; s = tableSectors.nextSetBit(s + 1)) {
      sector.clear();
      int first = s * AllocationTable.ENTRIES_PER_SECTOR;
      for (int i = first; i < first + AllocationTable.ENTRIES_PER_SECTOR; i++) {
        sector.putInt(durableEntry(i, inCommit));
      }
      container.write(
          tableOffsetBytes + (long) s * SECTOR_BYTES, sector.flip(), Durability.WRITE_BACK);
    }
  }

  private int durableEntry(int index, BitSet inCommit) {
    if (index >= table.blockCount()) {
      return VhdLayout.UNALLOCATED;
    }
    int entry = table.entry(index);
    if (entry == VhdLayout.UNALLOCATED || inCommit.get(index)) {
      return entry;
    }
    LeafBlock block = blocks.inMemory(index);
    return block != null && !block.published() ? VhdLayout.UNALLOCATED : entry;
  }
}
