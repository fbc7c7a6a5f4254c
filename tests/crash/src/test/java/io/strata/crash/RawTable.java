// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import static io.strata.crash.SectorModel.SECTOR_BYTES;

import io.strata.block.Container;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Where a VHD's BAT and its blocks are, read with nothing of the engine under test.
///
/// Source: VHD specification 1.0, "Hard Disk Footer Format", "Dynamic Disk Header Format", "Block
/// Allocation Table".
///
/// @param headerOffsetBytes of the dynamic header
/// @param tableOffsetBytes of the BAT
/// @param entries of the BAT
/// @param blockBytes data of a block
record RawTable(long headerOffsetBytes, long tableOffsetBytes, int entries, int blockBytes) {
  static final int HEADER_BYTES = 1024;
  static final long UNALLOCATED = 0xFFFFFFFFL;

  private static final int DATA_OFFSET_AT = 16;
  private static final int HEADER_TABLE_OFFSET_AT = 16;
  private static final int HEADER_ENTRIES_AT = 28;
  private static final int HEADER_BLOCK_SIZE_AT = 32;

  static RawTable read(Container container) throws IOException {
    long header = read(container, DATA_OFFSET_AT, Long.BYTES).getLong(0);
    ByteBuffer fields = read(container, header, HEADER_BLOCK_SIZE_AT + Integer.BYTES);
    return new RawTable(
        header,
        fields.getLong(HEADER_TABLE_OFFSET_AT),
        fields.getInt(HEADER_ENTRIES_AT),
        fields.getInt(HEADER_BLOCK_SIZE_AT));
  }

  /// The BAT's entries, each unsigned; [#UNALLOCATED] where there is no block.
  long[] sectors(Container container) throws IOException {
    ByteBuffer table = read(container, tableOffsetBytes, Integer.BYTES * entries);
    long[] sectors = new long[entries];
    for (int block = 0; block < entries; block++) {
      sectors[block] = Integer.toUnsignedLong(table.getInt(block * Integer.BYTES));
    }
    return sectors;
  }

  int sectorsPerBlock() {
    return blockBytes / SECTOR_BYTES;
  }

  int bitmapSectors() {
    return Math.ceilDiv(sectorsPerBlock() / Byte.SIZE, SECTOR_BYTES);
  }

  static ByteBuffer read(Container container, long offset, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    container.read(offset, bytes);
    return bytes.flip();
  }
}
