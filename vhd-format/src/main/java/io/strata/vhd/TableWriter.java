// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static io.strata.vhd.VhdLayout.SECTOR_BYTES;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.Container;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.IntUnaryOperator;

/// Writes a whole BAT, and after it an empty batmap with its header.
final class TableWriter {
  private static final int CHUNK_BYTES = 1 << 20;

  private TableWriter() {}

  /// First byte after the BAT and the batmap.
  static long endBytes(long tableOffsetBytes, int entries) {
    return batmapAt(tableOffsetBytes, entries)
        + VhdLayout.BATMAP_HEADER_BYTES
        + (long) BatmapHeader.sectorsFor(entries) * SECTOR_BYTES;
  }

  /// Writes both within the container's capacity. Not flushed.
  static void write(
      Container container, long tableOffsetBytes, int entries, IntUnaryOperator entryOf)
      throws IOException {
    long tableBytes = VhdMetadata.tableBytes(entries);
    ByteBuffer chunk = ByteBuffer.allocateDirect((int) Math.min(tableBytes, CHUNK_BYTES));
    int block = 0;
    for (long at = 0; at < tableBytes; at += chunk.limit()) {
      chunk.clear().limit((int) Math.min(tableBytes - at, chunk.capacity()));
      while (chunk.hasRemaining()) {
        chunk.putInt(block < entries ? entryOf.applyAsInt(block) : VhdLayout.UNALLOCATED);
        block++;
      }
      container.write(tableOffsetBytes + at, chunk.flip(), Durability.WRITE_BACK);
    }
    writeBatmap(container, tableOffsetBytes, entries);
  }

  private static void writeBatmap(Container container, long tableOffsetBytes, int entries)
      throws IOException {
    long at = batmapAt(tableOffsetBytes, entries);
    int sectors = BatmapHeader.sectorsFor(entries);
    ByteBuffer map = ByteBuffer.allocate(sectors * SECTOR_BYTES);
    BatmapHeader header =
        new BatmapHeader(
            at + VhdLayout.BATMAP_HEADER_BYTES,
            sectors,
            VhdLayout.BATMAP_VERSION,
            Checksums.of(map, 0, map.capacity(), -1));
    container.write(at + VhdLayout.BATMAP_HEADER_BYTES, map, Durability.WRITE_BACK);
    container.write(at, header.toBytes(), Durability.WRITE_BACK);
  }

  private static long batmapAt(long tableOffsetBytes, int entries) {
    return tableOffsetBytes + VhdMetadata.tableBytes(entries);
  }
}
