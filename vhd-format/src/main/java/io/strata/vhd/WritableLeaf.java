// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static io.strata.vhd.VhdLayout.SECTOR_BYTES;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.Container;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// The image of a chain that takes the writes: its blocks in memory, and the order in which its
/// metadata reaches the disk.
///
/// **Write order.** Data goes to the container at once; metadata stays in memory until a commit:
///
/// 1. bitmaps of new blocks, which nothing names yet
/// 2. *barrier*: data and those bitmaps are durable
/// 3. bitmaps of known blocks, and BAT entries of new ones, as they were before the barrier
/// 4. *barrier*: the commit is durable
///
/// So a bit is never durable before its sector's data, nor a BAT entry before its block's bitmap;
/// and after a crash each sector is old or new. A failed barrier fails the leaf for good.
///
/// **Locks.** commit, then a block's lock, then the allocator. Sectors that are present are read
/// and overwritten without any.
final class WritableLeaf {
  private static final int LOCKS = 64;
  private static final int PAGE_SHIFT = 9;
  private static final int PAGE_BLOCKS = 1 << PAGE_SHIFT;

  /// Bound on changed blocks in memory: at 2 MiB blocks, 8 MiB of bitmaps.
  private static final int MOST_DIRTY = 16 * 1024;

  /// Bound on unchanged blocks kept, about 16 MiB of bitmaps.
  private static final int MOST_KEPT = 32 * 1024;

  private volatile Layer layer;
  private final Container container;
  private final BlockGeometry geometry;
  private final AllocationTable table;
  private final BlockAllocator allocator;
  private final LeafFooter footer;
  private final AtomicReferenceArray<AtomicReferenceArray<LeafBlock>> pages;
  private final ReentrantLock[] blockLocks = new ReentrantLock[LOCKS];
  private final ReentrantLock commitLock = new ReentrantLock();
  private final AtomicBoolean modified = new AtomicBoolean();
  private final BitSet fullOnDisk;

  // Guarded by itself.
  private final List<LeafBlock> dirty = new ArrayList<>();
  // Written while dirty is held; read without it, where a little late does not matter.
  private volatile int dirtyCount;
  // Guarded by dirty.
  private long requestedCommits;
  // Guarded by commitLock.
  private long doneCommits;
  // Guarded by dirty.
  private int kept;
  private volatile @Nullable IOException failure;

  private WritableLeaf(Layer layer) throws IOException {
    this.layer = layer;
    container = layer.container();
    geometry = layer.geometry();
    table = layer.table();
    fullOnDisk = (BitSet) layer.fullBlocks().clone();
    pages = new AtomicReferenceArray<>((table.blockCount() >>> PAGE_SHIFT) + 1);
    for (int i = 0; i < LOCKS; i++) {
      blockLocks[i] = new ReentrantLock();
    }
    footer = LeafFooter.open(container, layer.metadata());
    allocator =
        new BlockAllocator(
            container, geometry, footer, ImageEnd.bytes(layer.metadata(), table), this::barrier);
    footer.spread();
  }

  /// Takes an image over for writing: room after its last block is zeroed, since a writer that died
  /// may have left data there, and a footer that is missing in one of its places is put back.
  static WritableLeaf open(Layer layer) throws IOException {
    return new WritableLeaf(layer);
  }

  /// The image as a read-only layer, after a commit.
  Layer freeze() {
    return layer.withMetadata(footer.footer(), layer.metadata().dynamicHeader());
  }

  Layer layer() {
    return layer;
  }

  /// The footer in force.
  VhdFooter footer() {
    return footer.footer();
  }

  /// The block if it is allocated; its bitmap is read when it is first asked for.
  @Nullable LeafBlock block(int index) throws IOException {
    AtomicReferenceArray<LeafBlock> page = pages.get(index >>> PAGE_SHIFT);
    LeafBlock block = page == null ? null : page.get(index & PAGE_BLOCKS - 1);
    if (block != null || table.sector(index) < 0) {
      return block;
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
    block = new LeafBlock(index, sector, geometry.sectorsPerBlock(), layer.readBitmap(index), true);
    keep(page, block);
    return block;
  }

  /// Allocates a block with no sector present, by the holder of its lock. Its data reads as zeroes.
  LeafBlock allocateLocked(int index) throws IOException {
    long sector = allocator.allocate();
    LeafBlock block =
        new LeafBlock(
            index, sector, geometry.sectorsPerBlock(), new long[geometry.bitmapWords()], false);
    AtomicReferenceArray<LeafBlock> page = page(index);
    page.set(index & PAGE_BLOCKS - 1, block);
    synchronized (dirty) {
      kept++;
    }
    synchronized (table) {
      table.set(index, sector);
    }
    return block;
  }

  long dataOffsetBytes(LeafBlock block, long inBlockBytes) {
    return (block.sector() + geometry.bitmapSectors()) * SECTOR_BYTES + inBlockBytes;
  }

  /// Marks sectors present whose data was written, by the holder of the block's lock.
  void addSectors(LeafBlock block, int from, int end) {
    if (block.add(from, end) || !block.published()) {
      markDirty(block);
    }
  }

  /// To be called before the first change of content: moves the image's timestamp on, by which
  /// children find that their parent was changed.
  void markModified() throws IOException {
    if (!modified.get()) {
      synchronized (modified) {
        if (!modified.get()) {
          footer.change(
              footer.footer().touched(Clock.systemUTC().instant().getEpochSecond()), this::barrier);
          modified.set(true);
        }
      }
    }
  }

  /// Gives the image another parent, or none, while it takes writes. The content that the two give
  /// it must be the same.
  void changeParent(Optional<VhdInfo> parent, String name) throws IOException {
    commitLock.lock();
    try {
      checkUsable();
      VhdMetadata metadata = freeze().metadata();
      long slot = HeaderSlots.unused(metadata, table);
      long at = slot >= 0 ? slot : allocator.allocate() * SECTOR_BYTES;
      DynamicHeader header = ParentChange.writeHeader(container, metadata, at, parent, name);
      // Barrier: the new header is there before the footer points to it.
      barrier();
      footer.change(ParentChange.footer(footer.footer(), at, parent), this::barrier);
      // Barrier: nothing goes on with the new parent before the image names it for good.
      barrier();
      layer = layer.withMetadata(footer.footer(), header);
      footer.spread();
    } finally {
      commitLock.unlock();
    }
  }

  /// Throws if an earlier barrier failed.
  void checkUsable() throws IOException {
    IOException failed = failure;
    if (failed != null) {
      throw new IOException(
          layer.container().location()
              + " failed an earlier flush and must be reopened: "
              + failed.getMessage(),
          failed);
    }
  }

  /// Whether changed metadata should be committed before more is made.
  boolean commitDue() {
    return dirtyCount >= MOST_DIRTY;
  }

  /// Makes every change that returned before this call durable. Callers that come together share
  /// one commit.
  void commit() throws IOException {
    long ticket;
    synchronized (dirty) {
      ticket = ++requestedCommits;
    }
    commitLock.lock();
    try {
      checkUsable();
      if (doneCommits >= ticket) {
        return;
      }
      long covers;
      List<LeafBlock> changed;
      synchronized (dirty) {
        covers = requestedCommits;
        changed = List.copyOf(dirty);
        dirty.clear();
        dirtyCount = 0;
      }
      commit(changed);
      doneCommits = covers;
    } finally {
      commitLock.unlock();
    }
  }

  /// Commits, and notes blocks that became full in the batmap. The last act before closing.
  void finish() throws IOException {
    commit();
    BitSet full = (BitSet) fullOnDisk.clone();
    for (int p = 0; p < pages.length(); p++) {
      AtomicReferenceArray<LeafBlock> page = pages.get(p);
      for (int i = 0; page != null && i < PAGE_BLOCKS; i++) {
        LeafBlock block = page.get(i);
        if (block != null && block.full()) {
          full.set(block.index());
        }
      }
    }
    boolean batmapChanged = !full.equals(layer.fullBlocks());
    if (batmapChanged) {
      Batmap.write(container, layer.metadata(), full);
    }
    if (footer.spread() || batmapChanged) {
      // Barrier: nothing of the image is on its way when others go on.
      barrier();
    }
  }

  private void commit(List<LeafBlock> changed) throws IOException {
    int released = allocator.heldBack();
    List<Pending> known = new ArrayList<>();
    List<LeafBlock> added = new ArrayList<>();
    try {
      for (LeafBlock block : changed) {
        block.dirty(false);
        long[] bits = block.snapshot();
        if (block.published()) {
          known.add(new Pending(block, bits));
        } else {
          writeBitmap(block, bits);
          added.add(block);
        }
      }
    } catch (IOException e) {
      changed.forEach(this::markDirty);
      throw e;
    }
    // Barrier 1: data, and bitmaps of blocks that nothing names yet.
    barrier();
    if (known.isEmpty() && added.isEmpty()) {
      allocator.release(released);
      return;
    }
    try {
      footer.spread();
      for (Pending pending : known) {
        writeBitmap(pending.block(), pending.bits());
      }
      writeTable(added);
    } catch (IOException e) {
      changed.forEach(this::markDirty);
      throw e;
    }
    // Barrier 2: what names them.
    barrier();
    added.forEach(LeafBlock::markPublished);
    allocator.release(released);
  }

  /// A known block and its bits as they were before the barrier.
  private record Pending(LeafBlock block, long[] bits) {}

  private void barrier() throws IOException {
    long footerWrites = footer.writes();
    try {
      container.flush();
    } catch (IOException e) {
      failure = e;
      throw e;
    }
    footer.durable(footerWrites);
  }

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
      inCommit.set(block.index());
      tableSectors.set(block.index() / AllocationTable.ENTRIES_PER_SECTOR);
    }
    long tableAt = layer.metadata().dynamicHeader().tableOffsetBytes();
    ByteBuffer sector = ByteBuffer.allocate(SECTOR_BYTES);
    for (int s = tableSectors.nextSetBit(0); s >= 0; s = tableSectors.nextSetBit(s + 1)) {
      sector.clear();
      int first = s * AllocationTable.ENTRIES_PER_SECTOR;
      for (int i = first; i < first + AllocationTable.ENTRIES_PER_SECTOR; i++) {
        sector.putInt(durableEntry(i, inCommit));
      }
      container.write(tableAt + (long) s * SECTOR_BYTES, sector.flip(), Durability.WRITE_BACK);
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
    AtomicReferenceArray<LeafBlock> page = pages.get(index >>> PAGE_SHIFT);
    LeafBlock block = page == null ? null : page.get(index & PAGE_BLOCKS - 1);
    return block != null && !block.published() ? VhdLayout.UNALLOCATED : entry;
  }

  private void markDirty(LeafBlock block) {
    if (!block.dirty()) {
      block.dirty(true);
      synchronized (dirty) {
        dirty.add(block);
        dirtyCount = dirty.size();
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
    boolean over;
    synchronized (dirty) {
      over = ++kept > MOST_KEPT;
      kept = over ? 0 : kept;
    }
    if (over) {
      forgetUnchanged(block);
    }
  }

  /// Drops blocks that can be read again: never during a commit, whose blocks are not marked as
  /// changed any more and not yet on disk; and each under its lock where that is free, so that
  /// nobody is about to set bits in it.
  private void forgetUnchanged(LeafBlock except) {
    if (!commitLock.tryLock()) {
      return;
    }
    try {
      dropUnchanged(except);
    } finally {
      commitLock.unlock();
    }
  }

  private void dropUnchanged(LeafBlock except) {
    for (int p = 0; p < pages.length(); p++) {
      AtomicReferenceArray<LeafBlock> page = pages.get(p);
      for (int i = 0; page != null && i < PAGE_BLOCKS; i++) {
        LeafBlock block = page.get(i);
        if (block != null && block != except && !block.full() && lockOf(block.index()).tryLock()) {
          try {
            if (block.published() && !block.dirty()) {
              page.set(i, null);
            }
          } finally {
            lockOf(block.index()).unlock();
          }
        }
      }
    }
  }
}
