// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static io.strata.vhd.VhdLayout.SECTOR_BYTES;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;

/// The read-only images of a chain merged into one map, so that a read costs the same at any depth:
/// for each block, the runs of sectors and the image that holds each.
///
/// A block's runs are `{start, owner, start, owner, ...}`: the sector in the block where a run
/// starts, and the index of its image or `HOLE`. They are made when first asked for, from the BATs
/// and bitmaps of the images that have the block, and kept within [MetadataBudget].
///
/// Safe for many threads: the images don't change, so a block's runs are the same whoever makes
/// them.
final class ParentMap implements MetadataBudget.Holder {
  /// Owner of sectors that no image holds; they read as zeroes.
  static final int HOLE = -1;

  /// What a block's runs take beside themselves, in ints.
  private static final int ENTRY_INTS = 5;

  private static final int PAGE_SHIFT = 9;
  private static final int[] ALL_HOLE = {0, HOLE};

  private final List<Layer> layers;
  private final BlockGeometry geometry;
  private final CacheCounters counters;
  private final AtomicReferenceArray<AtomicReferenceArray<int[]>> pages;
  private final AtomicLong heldBytes = new AtomicLong();

  /// @param layers nearest first
  /// @param geometry the blocks by which the map is kept
  /// @param sizeBytes size of the disk
  ParentMap(List<Layer> layers, BlockGeometry geometry, long sizeBytes, CacheCounters counters) {
    this.layers = List.copyOf(layers);
    this.geometry = geometry;
    this.counters = counters;
    int blocks = (int) Math.ceilDiv(sizeBytes, (long) geometry.blockBytes());
    pages = new AtomicReferenceArray<>((blocks >>> PAGE_SHIFT) + 1);
    MetadataBudget.PROCESS.add(this);
  }

  List<Layer> layers() {
    return layers;
  }

  /// The runs of a block.
  int[] runs(int block) throws IOException {
    if (layers.isEmpty()) {
      return ALL_HOLE;
    }
    AtomicReferenceArray<int[]> page = pages.get(block >>> PAGE_SHIFT);
    int[] runs = page == null ? null : page.get(block & (1 << PAGE_SHIFT) - 1);
    if (runs == null) {
      return keep(block, merge(block));
    }
    counters.hit();
    return runs;
  }

  /// Index in `runs` of the run that holds a sector of the block.
  static int find(int[] runs, int sector) {
    int low = 0;
    int high = runs.length / 2 - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (runs[2 * middle] <= sector) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return 2 * low;
  }

  /// Whether any image holds a sector of the block.
  boolean anyData(int block) throws IOException {
    int[] runs = runs(block);
    return runs.length > 2 || runs[1] != HOLE;
  }

  private int[] keep(int block, int[] runs) {
    int index = block >>> PAGE_SHIFT;
    AtomicReferenceArray<int[]> page = pages.get(index);
    if (page == null) {
      page = new AtomicReferenceArray<>(1 << PAGE_SHIFT);
      if (!pages.compareAndSet(index, null, page)) {
        return runs;
      }
    }
    page.set(block & (1 << PAGE_SHIFT) - 1, runs);
    int bytes = Integer.BYTES * (runs.length + ENTRY_INTS);
    heldBytes.addAndGet(bytes);
    MetadataBudget.PROCESS.grew(bytes);
    return runs;
  }

  @Override
  public long heldBytes() {
    return heldBytes.get();
  }

  @Override
  public void shrink() {
    for (int i = 0; i < pages.length(); i++) {
      pages.set(i, null);
    }
    heldBytes.set(0);
  }

  private int[] merge(int block) throws IOException {
    counters.missed();
    int sectors = geometry.sectorsPerBlock();
    long first = (long) block * sectors;
    Owners owners = new Owners(sectors);
    for (int i = 0; i < layers.size() && !owners.complete(); i++) {
      claim(owners, i, first, sectors);
    }
    return owners.toRuns();
  }

  private void claim(Owners owners, int index, long first, int sectors) throws IOException {
    Layer layer = layers.get(index);
    long end = Math.min(first + sectors, layer.sizeSectors());
    if (layer.fixed()) {
      owners.claim(0, (int) Math.max(0, end - first), index);
      return;
    }
    int perBlock = layer.geometry().sectorsPerBlock();
    for (long at = first; at < end; at = (at / perBlock + 1) * perBlock) {
      int theirs = (int) (at / perBlock);
      if (layer.table().sector(theirs) < 0) {
        continue;
      }
      int from = (int) (at % perBlock);
      int to = (int) Math.min(perBlock, from + (end - at));
      if (layer.knownFull(theirs)) {
        owners.claim((int) (at - first), (int) (at - first) + to - from, index);
        continue;
      }
      long[] bits = layer.readBitmap(theirs);
      for (int s = from; s < to; ) {
        boolean present = SectorBitmap.get(bits, s);
        int runEnd = SectorBitmap.endOfRun(bits, s, to, present);
        if (present) {
          owners.claim((int) (at - first) + s - from, (int) (at - first) + runEnd - from, index);
        }
        s = runEnd;
      }
    }
  }

  /// Owners of a block's sectors while they are collected, nearest image first. What it takes
  /// follows the number of runs, and not the size of the block.
  private static final class Owners {
    private final int sectors;
    private final long[] owned;
    private int open;

    /// A run's first sector in the upper half of each, and its owner in the lower one.
    private long[] runs = new long[16];

    private int count;

    Owners(int sectors) {
      this.sectors = sectors;
      owned = new long[Math.ceilDiv(sectors, Long.SIZE)];
      open = sectors;
    }

    boolean complete() {
      return open == 0;
    }

    void claim(int from, int to, int owner) {
      if (from >= to) {
        return;
      }
      addOpen(from, to, owner);
      open -= SectorBitmap.set(owned, from, to);
    }

    private void addOpen(int from, int to, int owner) {
      for (int s = from; s < to; ) {
        boolean taken = SectorBitmap.get(owned, s);
        if (!taken) {
          add(s, owner);
        }
        s = SectorBitmap.endOfRun(owned, s, to, taken);
      }
    }

    private void add(int start, int owner) {
      if (count == runs.length) {
        runs = Arrays.copyOf(runs, 2 * count);
      }
      runs[count++] = (long) start << Integer.SIZE | Integer.toUnsignedLong(owner);
    }

    int[] toRuns() {
      if (open == sectors) {
        return ALL_HOLE;
      }
      addOpen(0, sectors, HOLE);
      Arrays.sort(runs, 0, count);
      int kept = 0;
      for (int i = 0; i < count; i++) {
        if (kept == 0 || (int) runs[i] != (int) runs[kept - 1]) {
          runs[kept++] = runs[i];
        }
      }
      int[] result = new int[2 * kept];
      for (int i = 0; i < kept; i++) {
        result[2 * i] = (int) (runs[i] >>> Integer.SIZE);
        result[2 * i + 1] = (int) runs[i];
      }
      return result;
    }
  }

  /// Bytes from a sector's data on, within one image, where the sector is owned.
  long contiguousBytes(int owner, long sector) {
    return layers.get(owner).contiguousSectors(sector) * SECTOR_BYTES;
  }
}
