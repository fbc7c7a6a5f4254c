// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import static io.strata.crash.SectorModel.SECTOR_BYTES;

import io.strata.block.Container;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// Checks a VHD's BAT with nothing of the engine under test: that its blocks lie within the image,
/// beside its metadata and apart from each other.
final class BatCheck {
  private BatCheck() {}

  static void check(Container container) throws IOException {
    RawTable table = RawTable.read(container);
    long blockSectors = (long) table.bitmapSectors() + table.sectorsPerBlock();
    long lastSector = container.sizeBytes() / SECTOR_BYTES - 1;

    List<Range> ranges = new ArrayList<>();
    ranges.add(new Range(0, 1));
    ranges.add(Range.ofBytes(table.headerOffsetBytes(), RawTable.HEADER_BYTES));
    ranges.add(Range.ofBytes(table.tableOffsetBytes(), (long) Integer.BYTES * table.entries()));
    long[] sectors = table.sectors(container);
    for (int block = 0; block < sectors.length; block++) {
      long sector = sectors[block];
      if (sector == RawTable.UNALLOCATED) {
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
