// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static io.strata.vhd.VhdLayout.SECTOR_BYTES;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.BlockDevice.Zeroing;
import io.strata.block.Container;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Writes to the blocks of a dynamic or differencing leaf. Sectors that are present already are
/// overwritten without a lock.
final class BlockWriter implements LeafWriter {
  private final WritableLeaf leaf;
  private final ChainMap map;
  private final BlockGeometry geometry;
  private final BlockZeroing zeroing;

  BlockWriter(WritableLeaf leaf, ChainMap map) {
    this.leaf = leaf;
    this.map = map;
    geometry = map.geometry();
    zeroing = new BlockZeroing(leaf, map, this);
  }

  @Override
  public void begin() throws IOException {
    leaf.markModified();
    leaf.checkUsable();
    if (leaf.commitDue()) {
      leaf.commit();
    }
  }

  @Override
  public void writeZeroes(long offsetBytes, long lengthBytes, Zeroing mode) throws IOException {
    zeroing.writeZeroes(offsetBytes, lengthBytes, mode);
  }

  @Override
  public void flush() throws IOException {
    leaf.commit();
  }

  @Override
  public void finish() throws IOException {
    leaf.finish();
  }

  @Override
  public void write(long offsetBytes, ByteBuffer source) throws IOException {
    int limit = source.limit();
    long at = offsetBytes;
    while (source.position() < limit) {
      int block = (int) (at >>> geometry.blockShift());
      int inBlock = (int) (at & geometry.blockBytes() - 1);
      int length = Math.min(limit - source.position(), geometry.blockBytes() - inBlock);
      source.limit(source.position() + length);
      LeafBlock known = leaf.block(block);
      if (known != null
          && known.hasAll(inBlock / SECTOR_BYTES, Math.ceilDiv(inBlock + length, SECTOR_BYTES))) {
        leaf.layer()
            .container()
            .write(leaf.dataOffsetBytes(known, inBlock), source, Durability.WRITE_BACK);
      } else {
        writeNewSectors(block, inBlock, source);
      }
      source.limit(limit);
      at += length;
    }
  }

  /// Writes a range of a block of which some sectors are not present yet.
  private void writeNewSectors(int block, int inBlock, ByteBuffer source) throws IOException {
    int length = source.remaining();
    int first = inBlock / SECTOR_BYTES;
    int end = Math.ceilDiv(inBlock + length, SECTOR_BYTES);
    ReentrantLock lock = leaf.lockOf(block);
    lock.lock();
    try {
      LeafBlock known = leaf.blockLocked(block);
      // What the first and the last sector hold beside the new bytes must come along.
      boolean headCut = inBlock % SECTOR_BYTES != 0;
      boolean tailCut = (inBlock + length) % SECTOR_BYTES != 0;
      boolean oneSector = end - first == 1;
      ByteBuffer head =
          headCut || (tailCut && oneSector) ? absentSector(known, block, first) : null;
      ByteBuffer tail = tailCut && !oneSector ? absentSector(known, block, end - 1) : null;
      LeafBlock own = known == null ? leaf.allocateLocked(block) : known;
      Container container = leaf.layer().container();
      long base = leaf.dataOffsetBytes(own, 0);
      if (head != null) {
        container.write(base + (long) first * SECTOR_BYTES, head, Durability.WRITE_BACK);
      }
      if (tail != null) {
        container.write(base + (long) (end - 1) * SECTOR_BYTES, tail, Durability.WRITE_BACK);
      }
      container.write(base + inBlock, source, Durability.WRITE_BACK);
      leaf.addSectors(own, first, end);
    } finally {
      lock.unlock();
    }
  }

  /// The content of a sector if it is not present in the leaf; null if it is.
  private @Nullable ByteBuffer absentSector(@Nullable LeafBlock known, int block, int sector)
      throws IOException {
    return known != null && known.has(sector) ? null : map.sectorOfParents(block, sector);
  }
}
