// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import static io.strata.crash.SectorModel.SECTOR_BYTES;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.Container;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/// Fills what an image's last block has beyond the end of the disk, as other programs do: with data
/// that are marked present, in a block that the batmap calls full once all of it is present.
///
/// Source: VHD specification 1.0, "Block Allocation Table and Data Blocks".
final class FilledEnd {
  private static final byte REMNANT = 0x5A;

  private FilledEnd() {}

  /// Not flushed: what is changed after it sees to that.
  ///
  /// @param diskBytes size of the disk
  /// @return whether there was such a block
  static boolean fill(Container container, long diskBytes) throws IOException {
    RawTable table = RawTable.read(container);
    int block = (int) (diskBytes / table.blockBytes());
    int within = (int) (diskBytes % table.blockBytes() / SECTOR_BYTES);
    if (within == 0 || table.sectors(container)[block] == RawTable.UNALLOCATED) {
      return false;
    }
    long at = table.sectors(container)[block] * SECTOR_BYTES;
    byte[] remnants = new byte[(table.sectorsPerBlock() - within) * SECTOR_BYTES];
    Arrays.fill(remnants, REMNANT);
    write(
        container,
        at + (long) (table.bitmapSectors() + within) * SECTOR_BYTES,
        ByteBuffer.wrap(remnants));
    ByteBuffer bits = RawTable.read(container, at, table.sectorsPerBlock() / Byte.SIZE);
    boolean full = true;
    for (int sector = 0; sector < table.sectorsPerBlock(); sector++) {
      int bit = 0x80 >>> (sector & 7);
      if (sector >= within) {
        bits.put(sector >>> 3, (byte) (bits.get(sector >>> 3) | bit));
      }
      full &= (bits.get(sector >>> 3) & bit) != 0;
    }
    write(container, at, bits);
    if (full) {
      ForeignBatmap.callFull(container, table, block);
    }
    return true;
  }

  private static void write(Container container, long at, ByteBuffer bytes) throws IOException {
    container.write(at, bytes, Durability.WRITE_BACK);
  }
}
