// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static io.strata.vhd.VhdLayout.SECTOR_BYTES;

import io.strata.block.Container;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Which image of a chain holds each byte of the disk, and where: the leaf that takes the writes,
/// if there is one, then its parents, which are one map.
///
/// Safe for many threads.
final class ChainMap {
  /// The writable leaf; null where the chain is read-only, or the leaf is fixed.
  private final @Nullable WritableLeaf leaf;

  /// A fixed image that is open for writing.
  private final @Nullable Layer fixedLeaf;

  /// Everything that does not change: the leaf's parents, or the whole read-only chain.
  private volatile ParentMap parents;

  private final CacheCounters counters;

  private final BlockGeometry geometry;
  private final long sizeBytes;

  /// @param first the image whose geometry and size are the disk's
  /// @param counters of the disk
  ChainMap(
      @Nullable WritableLeaf leaf,
      @Nullable Layer fixedLeaf,
      List<Layer> parents,
      Layer first,
      CacheCounters counters) {
    this.leaf = leaf;
    this.fixedLeaf = fixedLeaf;
    geometry = first.geometry();
    sizeBytes = first.sizeBytes();
    this.counters = counters;
    this.parents = new ParentMap(parents, geometry, sizeBytes, counters);
    if (leaf != null) {
      leaf.countBy(counters);
    }
  }

  BlockGeometry geometry() {
    return geometry;
  }

  long sizeBytes() {
    return sizeBytes;
  }

  CacheCounters counters() {
    return counters;
  }

  /// Every image, leaf first.
  List<Layer> layers() {
    Layer first = leaf != null ? leaf.layer() : fixedLeaf;
    if (first == null) {
      return parents.layers();
    }
    List<Layer> all = new ArrayList<>(parents.layers().size() + 1);
    all.add(first);
    all.addAll(parents.layers());
    return all;
  }

  /// Reads through other parents from now on.
  ///
  /// @return the former ones
  List<Layer> replaceParents(List<Layer> layers) {
    ParentMap former = parents;
    parents = new ParentMap(layers, geometry, sizeBytes, counters);
    return former.layers();
  }

  /// Whether a parent holds any sector of a block.
  boolean parentsHold(int block) throws IOException {
    return parents.anyData(block);
  }

  /// Finds the longest leading part of a range that lies in one piece.
  void locate(long offsetBytes, long mostBytes, Span span) throws IOException {
    if (fixedLeaf != null) {
      span.set(fixedLeaf.container(), offsetBytes, mostBytes);
      return;
    }
    int block = (int) (offsetBytes >>> geometry.blockShift());
    int inBlock = (int) (offsetBytes & geometry.blockBytes() - 1);
    int length = (int) Math.min(mostBytes, geometry.blockBytes() - inBlock);
    LeafBlock own = leaf == null ? null : leaf.block(block);
    if (leaf != null && own != null) {
      int sector = inBlock / SECTOR_BYTES;
      boolean present = own.has(sector);
      int endSector = own.endOfRun(sector, Math.ceilDiv(inBlock + length, SECTOR_BYTES), present);
      length = Math.min(length, endSector * SECTOR_BYTES - inBlock);
      if (present) {
        span.set(leaf.layer().container(), leaf.dataOffsetBytes(own, inBlock), length);
        return;
      }
    }
    locateInParents(block, inBlock, length, span);
  }

  private void locateInParents(int block, int inBlock, int length, Span span) throws IOException {
    ParentMap map = parents;
    int[] runs = map.runs(block);
    int sector = inBlock / SECTOR_BYTES;
    int run = ParentMap.find(runs, sector);
    int owner = runs[run + 1];
    long available = length;
    if (run + 2 < runs.length) {
      available = Math.min(available, (long) runs[run + 2] * SECTOR_BYTES - inBlock);
    }
    if (owner == ParentMap.HOLE) {
      span.set(null, 0, available);
      return;
    }
    Layer layer = map.layers().get(owner);
    long absolute = (long) block * geometry.sectorsPerBlock() + sector;
    int inSector = inBlock % SECTOR_BYTES;
    span.set(
        layer.container(),
        layer.dataOffsetBytes(absolute) + inSector,
        Math.min(available, layer.contiguousSectors(absolute) * SECTOR_BYTES - inSector));
  }

  /// A sector's content as the parents have it.
  ByteBuffer sectorOfParents(int block, int sector) throws IOException {
    ByteBuffer content = ByteBuffer.allocate(SECTOR_BYTES);
    Span span = new Span();
    locateInParents(block, sector * SECTOR_BYTES, SECTOR_BYTES, span);
    Container source = span.container;
    if (source != null) {
      source.read(span.offsetBytes, content);
    }
    return content.clear();
  }
}
