// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static io.strata.vhd.VhdLayout.SECTOR_BYTES;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.BlockDevice.Zeroing;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.ReentrantLock;

/// Makes ranges of a leaf read as zeroes. Whole sectors are marked present where a parent holds
/// data, and their space is given back: the parent's data does not reappear. Parts of sectors are
/// written.
final class BlockZeroing {
  private static final ByteBuffer ZEROES =
      ByteBuffer.allocateDirect(SECTOR_BYTES).asReadOnlyBuffer();

  private final WritableLeaf leaf;
  private final ChainMap map;
  private final BlockWriter writer;
  private final BlockGeometry geometry;

  BlockZeroing(WritableLeaf leaf, ChainMap map, BlockWriter writer) {
    this.leaf = leaf;
    this.map = map;
    this.writer = writer;
    geometry = map.geometry();
  }

  void writeZeroes(long offsetBytes, long lengthBytes, Zeroing zeroing) throws IOException {
    long at = offsetBytes;
    long end = offsetBytes + lengthBytes;
    while (at < end) {
      int block = (int) (at >>> geometry.blockShift());
      int inBlock = (int) (at & geometry.blockBytes() - 1);
      int length = (int) Math.min(end - at, geometry.blockBytes() - inBlock);
      zeroInBlock(block, inBlock, length, zeroing);
      at += length;
    }
  }

  private void zeroInBlock(int block, int inBlock, int length, Zeroing zeroing) throws IOException {
    int first = Math.ceilDiv(inBlock, SECTOR_BYTES);
    int end = (inBlock + length) / SECTOR_BYTES;
    if (first > end) {
      // Within one sector.
      writePart(block, inBlock, length);
      return;
    }
    writePart(block, inBlock, first * SECTOR_BYTES - inBlock);
    if (first < end) {
      zeroSectors(block, first, end, zeroing);
    }
    writePart(block, end * SECTOR_BYTES, inBlock + length - end * SECTOR_BYTES);
  }

  /// Zeroes a part of a sector by writing.
  private void writePart(int block, int inBlock, int length) throws IOException {
    if (length > 0) {
      long at = ((long) block << geometry.blockShift()) + inBlock;
      writer.write(at, ZEROES.duplicate().limit(length));
    }
  }

  private void zeroSectors(int block, int first, int end, Zeroing zeroing) throws IOException {
    ReentrantLock lock = leaf.lockOf(block);
    lock.lock();
    try {
      LeafBlock own = leaf.blockLocked(block);
      boolean parentData = map.parentsHold(block);
      if (own == null && zeroing == Zeroing.MAY_DEALLOCATE && !parentData) {
        return;
      }
      if (own == null) {
        own = leaf.allocateLocked(block);
      }
      leaf.layer()
          .container()
          .writeZeroes(
              leaf.dataOffsetBytes(own, (long) first * SECTOR_BYTES),
              (long) (end - first) * SECTOR_BYTES,
              zeroing,
              Durability.WRITE_BACK);
      if (parentData || zeroing == Zeroing.ALLOCATE) {
        leaf.addSectors(own, first, end);
      }
    } finally {
      lock.unlock();
    }
  }
}
