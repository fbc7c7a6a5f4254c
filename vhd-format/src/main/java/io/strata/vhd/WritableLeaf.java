// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static io.strata.vhd.VhdLayout.SECTOR_BYTES;

import io.strata.block.Container;
import java.io.IOException;
import java.time.Clock;
import java.util.BitSet;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
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
  private volatile Layer layer;
  private final Container container;
  private final BlockGeometry geometry;
  private final BlockAllocator allocator;
  private final LeafFooter footer;
  private final LeafBarrier barrier;
  private final LeafBlocks blocks;
  private final LeafCommit commits;
  private final ReentrantLock commitLock = new ReentrantLock();
  private final AtomicBoolean modified = new AtomicBoolean();

  private WritableLeaf(Layer layer, MetadataBudget budget) throws IOException {
    this.layer = layer;
    container = layer.container();
    geometry = layer.geometry();
    footer = LeafFooter.open(container, layer.metadata());
    barrier = new LeafBarrier(container, footer);
    long endBytes = ImageEnd.bytes(layer.metadata(), layer.table());
    allocator = new BlockAllocator(container, geometry, footer, endBytes, barrier);
    footer.spread();
    settleBatmap();
    blocks = new LeafBlocks(layer, allocator, commitLock, budget);
    commits = new LeafCommit(layer, allocator, blocks, footer, barrier, commitLock);
  }

  /// Before a block is allocated of which a stale batmap says that it is full. No barrier: a block
  /// is named only after one.
  private void settleBatmap() throws IOException {
    if (layer.batmapStale()) {
      Batmap.write(container, layer.metadata(), layer.fullBlocks());
    }
  }

  /// Takes an image over for writing: room after its last block is zeroed, since a writer that died
  /// may have left data there, and a footer that is missing in one of its places is put back.
  static WritableLeaf open(Layer layer) throws IOException {
    return open(layer, MetadataBudget.PROCESS);
  }

  static WritableLeaf open(Layer layer, MetadataBudget budget) throws IOException {
    return new WritableLeaf(layer, budget);
  }

  /// Takes an image over whose timestamp stays: one that was just made, or whose only child will
  /// still fit it.
  static WritableLeaf openUntouched(Layer layer) throws IOException {
    WritableLeaf leaf = open(layer);
    leaf.modified.set(true);
    return leaf;
  }

  /// The image as a layer, with the footer in force.
  Layer asLayer() {
    return layer.withMetadata(footer.footer(), layer.metadata().dynamicHeader());
  }

  /// The image as a read-only layer, which shows what no commit has covered yet too. The image
  /// takes no writes any more.
  Layer freeze() throws IOException {
    barrier.checkUsable();
    return asLayer().withNewer(blocks::bitsInMemory);
  }

  Layer layer() {
    return layer;
  }

  /// The footer in force.
  VhdFooter footer() {
    return footer.footer();
  }

  /// Counts for a disk from now on what is found in memory.
  void countBy(CacheCounters disk) {
    blocks.countBy(disk);
  }

  /// The block if it is allocated; its bitmap is read when it is first asked for.
  @Nullable LeafBlock block(int index) throws IOException {
    return blocks.block(index);
  }

  /// The lock under which a block is allocated and its bits are set.
  ReentrantLock lockOf(int index) {
    return blocks.lockOf(index);
  }

  /// As [#block], by the holder of the block's lock.
  @Nullable LeafBlock blockLocked(int index) throws IOException {
    return blocks.blockLocked(index);
  }

  /// Allocates a block with no sector present, by the holder of its lock. Its data reads as zeroes.
  LeafBlock allocateLocked(int index) throws IOException {
    return blocks.allocateLocked(index);
  }

  long dataOffsetBytes(LeafBlock block, long inBlockBytes) {
    return (block.sector() + geometry.bitmapSectors()) * SECTOR_BYTES + inBlockBytes;
  }

  /// Marks sectors present whose data was written, by the holder of the block's lock.
  void addSectors(LeafBlock block, int from, int end) {
    blocks.addSectors(block, from, end);
  }

  /// To be called before the first change of content: moves the image's timestamp on, by which
  /// children find that their parent was changed.
  void markModified() throws IOException {
    if (!modified.get()) {
      synchronized (modified) {
        if (!modified.get()) {
          long now = Clock.systemUTC().instant().getEpochSecond();
          footer.change(old -> old.touched(now), barrier);
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
      barrier.checkUsable();
      VhdMetadata metadata = asLayer().metadata();
      long slot = HeaderSlots.unused(metadata, layer.table());
      long at = slot >= 0 ? slot : allocator.allocate() * SECTOR_BYTES;
      DynamicHeader header = ParentChange.writeHeader(container, metadata, at, parent, name);
      // Barrier: the new header is there before the footer points to it.
      barrier.run();
      footer.change(old -> ParentChange.footer(old, at, parent), barrier);
      // Barrier: nothing goes on with the new parent before the image names it for good.
      barrier.run();
      layer = layer.withMetadata(footer.footer(), header);
      footer.spread();
    } finally {
      commitLock.unlock();
    }
  }

  /// Sets or clears the hidden flag, durably.
  void setHidden(boolean hidden) throws IOException {
    commitLock.lock();
    try {
      barrier.checkUsable();
      footer.change(old -> old.withHidden(hidden), barrier);
      // Barrier: the flag is there before the image gets another name, and before the end has it.
      barrier.run();
      footer.spread();
    } finally {
      commitLock.unlock();
    }
  }

  /// Throws if an earlier barrier failed.
  void checkUsable() throws IOException {
    barrier.checkUsable();
  }

  /// Whether the block is kept in memory.
  boolean inMemory(int index) {
    return blocks.inMemory(index) != null;
  }

  /// Whether changed metadata should be committed before more is made.
  boolean commitDue() {
    return blocks.commitDue();
  }

  /// Makes every change that returned before this call durable. Callers that come together share
  /// one commit.
  void commit() throws IOException {
    commits.commit();
  }

  /// Commits, and notes blocks that became full in the batmap. The last act before closing.
  void finish() throws IOException {
    commits.commit();
    BitSet full = (BitSet) layer.fullBlocks().clone();
    blocks.addFullTo(full);
    boolean batmapChanged = !full.equals(layer.fullBlocks());
    if (batmapChanged) {
      Batmap.write(container, layer.metadata(), full);
    }
    if (footer.spread() || batmapChanged) {
      // Barrier: nothing of the image is on its way when others go on.
      barrier.run();
    }
  }
}
