// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.block.Container;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// Reads a VHD's BAT with nothing of the engine under test, and checks that its blocks lie within
/// the image, beside its metadata and apart from each other.
///
/// Source: VHD specification 1.0, "Hard Disk Footer Format", "Dynamic Disk Header Format", "Block
/// Allocation Table".
final class BatCheck {
  private static final int SECTOR_BYTES = 512;
  private static final int DATA_OFFSET_AT = 16;
  private static final int HEADER_TABLE_OFFSET_AT = 16;
  private static final int HEADER_ENTRIES_AT = 28;
  private static final int HEADER_BLOCK_SIZE_AT = 32;
  private static final int HEADER_BYTES = 1024;

  private BatCheck() {}

  static void check(Container container) throws IOException {
    long header = read(container, DATA_OFFSET_AT, 8).getLong(0);
    ByteBuffer fields = read(container, header, 40);
    long table = fields.getLong(HEADER_TABLE_OFFSET_AT);
    int entries = fields.getInt(HEADER_ENTRIES_AT);
    int blockBytes = fields.getInt(HEADER_BLOCK_SIZE_AT);
    long bitmapSectors = Math.ceilDiv(blockBytes / SECTOR_BYTES / 8, SECTOR_BYTES);
    long blockSectors = bitmapSectors + blockBytes / SECTOR_BYTES;
    long lastSector = container.sizeBytes() / SECTOR_BYTES - 1;

    List<Range> ranges = new ArrayList<>();
    ranges.add(new Range(0, 1));
    ranges.add(Range.ofBytes(header, HEADER_BYTES));
    ranges.add(Range.ofBytes(table, 4L * entries));
    ByteBuffer bat = read(container, table, 4 * entries);
    for (int block = 0; block < entries; block++) {
      long sector = Integer.toUnsignedLong(bat.getInt(block * 4));
      if (sector == 0xFFFFFFFFL) {
        continue;
      }
      if (sector + blockSectors > lastSector) {
        throw new CrashViolation(
            "BAT entry %d points to sector %d, but a block there ends after sector %d"
                .formatted(block, sector, lastSector));
      }
      ranges.add(new Range(sector, sector + blockSectors));
    }
    checkApart(ranges);
  }

  private static void checkApart(List<Range> ranges) {
    Collections.sort(ranges);
    for (int i = 1; i < ranges.size(); i++) {
      if (ranges.get(i - 1).end() > ranges.get(i).start()) {
        throw new CrashViolation(ranges.get(i - 1) + " overlaps " + ranges.get(i));
      }
    }
  }

  private static ByteBuffer read(Container container, long offset, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    container.read(offset, bytes);
    return bytes.flip();
  }

  /// Sectors from `start` to before `end`.
  private record Range(long start, long end) implements Comparable<Range> {
    static Range ofBytes(long offset, long length) {
      return new Range(offset / SECTOR_BYTES, Math.ceilDiv(offset + length, (long) SECTOR_BYTES));
    }

    @Override
    public int compareTo(Range other) {
      return Long.compare(start, other.start);
    }
  }
}
