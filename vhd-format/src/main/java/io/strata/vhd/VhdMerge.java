// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static io.strata.vhd.VhdLayout.SECTOR_BYTES;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.BlockDevice.Zeroing;
import io.strata.block.Container;
import io.strata.block.Extent.Kind;
import io.strata.block.ExtentVisitor;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Merges a run of images of a chain into one of them, in place.
///
/// The run is a piece of a chain whose images, but for the nearest, serve only the next one. What
/// the nearest image and the run below it show is written to the target: sectors that nearer images
/// hold replace the target's own, and sectors that only further images hold are added. Neither
/// changes what anyone sees who reads through the whole run, so guests read and write on above it,
/// and a crash at any point leaves the run as good as before. Merging again does no harm.
///
/// The cost is that of what the other images hold; sparse stays sparse.
public final class VhdMerge implements Closeable {
  private static final int PIECE_BYTES = 256 * 1024;

  /// Up to this size a run is read to see whether it is zeroes; beyond, holes are asked for.
  private static final int SMALL_SECTORS = 64;

  /// Metadata is committed, and the place noted, after so many bytes.
  private static final long COMMIT_BYTES = 256L << 20;

  private final List<Layer> run;
  private final int target;

  /// The target; null where it is fixed.
  private final @Nullable WritableLeaf leaf;

  private final TargetUse use;
  private final ParentMap map;
  private final BlockGeometry geometry;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(PIECE_BYTES);

  private VhdMerge(List<Layer> run, int target, @Nullable WritableLeaf leaf, TargetUse use) {
    this.run = run;
    this.target = target;
    this.leaf = leaf;
    this.use = use;
    Layer into = run.get(target);
    geometry = into.geometry();
    // What is only in the target stays there: where nothing is below it, nobody need look for it.
    boolean lowest = target == run.size() - 1;
    map =
        new ParentMap(
            lowest ? run.subList(0, target) : run,
            geometry,
            into.sizeBytes(),
            new CacheCounters(MetadataBudget.PROCESS));
  }

  /// Opens a merge.
  ///
  /// @param containers the run, nearest image first; the target's is open for writing. They belong
  ///   to the merge from now on.
  /// @param target index of the image that takes everything; its disk is as large as the nearest
  ///   image's
  public static VhdMerge open(List<Container> containers, int target, TargetUse use)
      throws IOException {
    List<Layer> run = new ArrayList<>();
    try {
      for (Container container : containers) {
        run.add(Layer.open(container));
      }
      for (int i = 0; i + 1 < run.size(); i++) {
        Layer child = run.get(i);
        ChainOpener.checkParent(
            child,
            child
                .parent()
                .orElseThrow(() ->
                    new VhdRejectedException(child.container().location() + " has no parent")),
            run.get(i + 1));
      }
      Layer into = run.get(target);
      if (into.sizeBytes() != run.getFirst().sizeBytes()) {
        throw new VhdRejectedException(
            into.container().location()
                + " is not as large as "
                + run.getFirst().container().location());
      }
      return new VhdMerge(run, target, into.fixed() ? null : WritableLeaf.open(into), use);
    } catch (IOException | RuntimeException e) {
      ChainOpener.closeAll(run, e);
      for (int i = run.size(); i < containers.size(); i++) {
        containers.get(i).close();
      }
      throw e;
    }
  }

  /// An upper bound of the bytes to merge: those of the blocks that other images hold.
  public long estimateBytes() {
    long blocks = 0;
    for (int i = 0; i < run.size(); i++) {
      if (i != target) {
        blocks +=
            run.get(i).fixed()
                ? run.get(i).sizeBytes() / geometry.blockBytes()
                : run.get(i).table().allocated();
      }
    }
    return blocks * geometry.blockBytes();
  }

  /// An upper bound of the storage that the target takes more of in a merge: what other images hold
  /// where it holds nothing itself. Reads metadata alone.
  public long growthBytes() throws IOException {
    Layer into = run.get(target);
    int blocks = (int) Math.ceilDiv(into.sizeBytes(), (long) geometry.blockBytes());
    long sectors = 0;
    for (int block = 0; block < blocks; block++) {
      if (heldByOthers(block)) {
        sectors += growthSectors(into, block);
      }
    }
    return sectors * SECTOR_BYTES;
  }

  private int growthSectors(Layer into, int block) throws IOException {
    boolean allocated = !into.fixed() && into.table().sector(block) >= 0;
    long[] own = allocated ? into.readBitmap(block) : new long[0];
    int[] runs = map.runs(block);
    int growth = 0;
    for (int r = 0; r < runs.length; r += 2) {
      int owner = runs[r + 1];
      int end = r + 2 < runs.length ? runs[r + 2] : geometry.sectorsPerBlock();
      if (owner != ParentMap.HOLE && owner != target) {
        growth += end - runs[r] - (allocated ? SectorBitmap.count(own, runs[r], end) : 0);
      }
    }
    return allocated ? growth : growth + geometry.bitmapSectors();
  }

  /// Merges everything from a block on, and makes it durable.
  ///
  /// @param fromBlock 0, or what [MergeListener#durableUpTo] was told by an earlier try
  public void run(int fromBlock, MergeListener listener) throws IOException {
    Layer into = run.get(target);
    int blocks = (int) Math.ceilDiv(into.sizeBytes(), (long) geometry.blockBytes());
    try (MergeWrites writes = new MergeWrites(into.container(), use)) {
      mergeBlocks(fromBlock, blocks, listener, writes);
      writes.drain();
    }
    if (leaf == null) {
      commit();
    } else {
      leaf.finish();
    }
    listener.durableUpTo(blocks);
  }

  private void mergeBlocks(int fromBlock, int blocks, MergeListener listener, MergeWrites writes)
      throws IOException {
    long sinceCommit = 0;
    for (int block = fromBlock; block < blocks; block++) {
      if (!heldByOthers(block)) {
        continue;
      }
      sinceCommit += mergeBlock(block, listener, writes);
      if (sinceCommit >= COMMIT_BYTES || (leaf != null && leaf.commitDue())) {
        writes.drain();
        commit();
        listener.durableUpTo(block + 1);
        sinceCommit = 0;
      }
    }
  }

  @Override
  public void close() throws IOException {
    ChainOpener.closeAll(run, null, run.get(target).container().location());
  }

  private void commit() throws IOException {
    if (leaf == null) {
      run.get(target).container().flush();
    } else {
      leaf.commit();
    }
  }

  private boolean heldByOthers(int block) {
    long first = (long) block * geometry.sectorsPerBlock();
    for (int i = 0; i < run.size(); i++) {
      if (i != target && run.get(i).mayHold(first, geometry.sectorsPerBlock())) {
        return true;
      }
    }
    return false;
  }

  private long mergeBlock(int block, MergeListener listener, MergeWrites writes)
      throws IOException {
    int[] runs = map.runs(block);
    long merged = 0;
    for (int r = 0; r < runs.length; r += 2) {
      int owner = runs[r + 1];
      int end = r + 2 < runs.length ? runs[r + 2] : geometry.sectorsPerBlock();
      if (owner == ParentMap.HOLE || owner == target) {
        continue;
      }
      for (int at = runs[r]; at < end; ) {
        int sectors = Math.min(end - at, PIECE_BYTES / SECTOR_BYTES);
        int copied = copy(block, at, sectors, run.get(owner), writes);
        at += copied;
        merged += (long) copied * SECTOR_BYTES;
        listener.merged((long) copied * SECTOR_BYTES);
      }
    }
    return merged;
  }

  /// Copies sectors of one image to the target: holes as holes.
  ///
  /// @return the sectors copied, at least 1
  private int copy(int block, int sector, int sectors, Layer from, MergeWrites writes)
      throws IOException {
    long absolute = (long) block * geometry.sectorsPerBlock() + sector;
    int count = (int) Math.min(sectors, from.contiguousSectors(absolute));
    long source = from.dataOffsetBytes(absolute);
    Container container = from.container();
    Kind kind = Kind.DATA;
    if (count > SMALL_SECTORS) {
      FirstExtent extent = new FirstExtent();
      container.extents(source, (long) count * SECTOR_BYTES, extent);
      kind = extent.kind;
      // A hole that ends within a sector does not make the sector one.
      count = Math.max(1, (int) (extent.lengthBytes / SECTOR_BYTES));
    }
    if (kind == Kind.DATA) {
      buffer.clear().limit(count * SECTOR_BYTES);
      container.read(source, buffer);
      kind = Bytes.zeroes(buffer.flip()) ? Kind.HOLE : Kind.DATA;
    }
    if (kind == Kind.DATA) {
      put(block, sector, buffer, writes);
    } else {
      zero(block, sector, count);
    }
    return count;
  }

  /// The first extent of a range.
  private static final class FirstExtent implements ExtentVisitor {
    private long lengthBytes;
    private Kind kind = Kind.DATA;

    @Override
    public boolean visit(long offset, long length, Kind found) {
      lengthBytes = length;
      kind = found;
      return false;
    }
  }

  private void put(int block, int sector, ByteBuffer data, MergeWrites writes) throws IOException {
    if (leaf == null) {
      writes.replace(diskOffset(block, sector), data);
      return;
    }
    int sectors = data.remaining() / SECTOR_BYTES;
    ReentrantLock lock = leaf.lockOf(block);
    lock.lock();
    try {
      LeafBlock own = allocated(leaf, block);
      long at = leaf.dataOffsetBytes(own, (long) sector * SECTOR_BYTES);
      if (own.full()) {
        writes.replace(at, data);
      } else {
        writes.add(at, data);
        leaf.addSectors(own, sector, sector + sectors);
      }
    } finally {
      lock.unlock();
    }
  }

  private void zero(int block, int sector, int count) throws IOException {
    long length = (long) count * SECTOR_BYTES;
    if (leaf == null) {
      zero(run.get(target).container(), diskOffset(block, sector), length);
      return;
    }
    ReentrantLock lock = leaf.lockOf(block);
    lock.lock();
    try {
      LeafBlock own = allocated(leaf, block);
      zero(
          leaf.layer().container(),
          leaf.dataOffsetBytes(own, (long) sector * SECTOR_BYTES),
          length);
      leaf.addSectors(own, sector, sector + count);
    } finally {
      lock.unlock();
    }
  }

  private static void zero(Container container, long offsetBytes, long lengthBytes)
      throws IOException {
    container.writeZeroes(offsetBytes, lengthBytes, Zeroing.MAY_DEALLOCATE, Durability.WRITE_BACK);
  }

  private long diskOffset(int block, int sector) {
    return ((long) block * geometry.sectorsPerBlock() + sector) * SECTOR_BYTES;
  }

  private static LeafBlock allocated(WritableLeaf leaf, int block) throws IOException {
    LeafBlock own = leaf.blockLocked(block);
    return own == null ? leaf.allocateLocked(block) : own;
  }
}
