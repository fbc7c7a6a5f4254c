// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static io.strata.vhd.VhdLayout.SECTOR_BYTES;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.BlockDevice.Zeroing;
import io.strata.block.Container;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.BitSet;

/// The part of a disk's last block that lies beyond its end. It belongs to nobody, and images of
/// other programs may hold anything there: marked as present, with data, in a block that the batmap
/// calls full.
final class BeyondEnd {
  private BeyondEnd() {}

  /// Makes it absent and zero, before growth makes it a part of the disk. Not flushed: a change of
  /// the footer makes durable first what came before it.
  static void clear(Container container, VhdMetadata metadata) throws IOException {
    BlockGeometry geometry = new BlockGeometry(metadata.dynamicHeader().blockBytes());
    long sizeSectors = metadata.footer().currentSizeBytes() / SECTOR_BYTES;
    int within = (int) (sizeSectors % geometry.sectorsPerBlock());
    int block = (int) (sizeSectors / geometry.sectorsPerBlock());
    if (within == 0) {
      return;
    }
    long sector = AllocationTable.load(container, metadata).sector(block);
    if (sector < 0) {
      return;
    }
    clearBatmap(container, metadata, block);
    clearBitmap(container, geometry, sector * SECTOR_BYTES, within);
    container.writeZeroes(
        (sector + geometry.bitmapSectors() + within) * SECTOR_BYTES,
        (long) (geometry.sectorsPerBlock() - within) * SECTOR_BYTES,
        Zeroing.MAY_DEALLOCATE,
        Durability.WRITE_BACK);
  }

  private static void clearBatmap(Container container, VhdMetadata metadata, int block)
      throws IOException {
    BitSet full = Batmap.read(container, metadata);
    if (full.get(block)) {
      full.clear(block);
      Batmap.write(container, metadata, full);
    }
  }

  private static void clearBitmap(Container container, BlockGeometry geometry, long at, int within)
      throws IOException {
    ByteBuffer bitmap = Bytes.read(container, at, geometry.bitmapBytes());
    for (int sector = within; sector < bitmap.capacity() * Byte.SIZE; sector++) {
      int place = sector >>> 3;
      bitmap.put(place, (byte) (bitmap.get(place) & ~(0x80 >>> (sector & 7))));
    }
    container.write(at, bitmap.rewind(), Durability.WRITE_BACK);
  }
}
