// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import static io.strata.crash.SectorModel.SECTOR_BYTES;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.Container;
import java.io.IOException;
import java.nio.ByteBuffer;

/// The batmap of an image as other programs write it, or leave it behind. Not flushed: what is
/// changed after it sees to that.
///
/// Source: blktap `include/vhd.h`, `struct dd_batmap_hdr`.
final class ForeignBatmap {
  /// "tdbatmap"
  private static final long BATMAP_COOKIE = 0x74646261746D6170L;

  private static final int BATMAP_OFFSET_AT = 8;
  private static final int BATMAP_SECTORS_AT = 16;
  private static final int BATMAP_CHECKSUM_AT = 24;

  private ForeignBatmap() {}

  /// Calls every block full that is not allocated, as programs leave it that give blocks up and
  /// don't know of batmaps.
  static void callUnallocatedFull(Container container) throws IOException {
    RawTable table = RawTable.read(container);
    long[] sectors = table.sectors(container);
    for (int block = 0; block < sectors.length; block++) {
      if (sectors[block] == RawTable.UNALLOCATED) {
        callFull(container, table, block);
      }
    }
  }

  /// Calls a block full.
  static void callFull(Container container, RawTable table, int block) throws IOException {
    long tableBytes = (long) table.entries() * Integer.BYTES;
    long at = table.tableOffsetBytes() + Math.ceilDiv(tableBytes, SECTOR_BYTES) * SECTOR_BYTES;
    ByteBuffer header = RawTable.read(container, at, SECTOR_BYTES);
    if (header.getLong(0) != BATMAP_COOKIE) {
      // Where a silent fault took it.
      throw new IOException("no batmap at " + at + " of " + container.location());
    }
    long mapAt = header.getLong(BATMAP_OFFSET_AT);
    ByteBuffer map =
        RawTable.read(container, mapAt, header.getInt(BATMAP_SECTORS_AT) * SECTOR_BYTES);
    map.put(block >>> 3, (byte) (map.get(block >>> 3) | 0x80 >>> (block & 7)));
    int sum = 0;
    for (int i = 0; i < map.limit(); i++) {
      sum += map.get(i) & 0xFF;
    }
    container.write(mapAt, map, Durability.WRITE_BACK);
    container.write(at, header.putInt(BATMAP_CHECKSUM_AT, ~sum), Durability.WRITE_BACK);
  }
}
