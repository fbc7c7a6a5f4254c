// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import static io.strata.vhd.VhdLayout.SECTOR_BYTES;

import io.strata.block.Container;
import io.strata.block.Extent;
import io.strata.vhd.BlockGeometry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// Reads the bitmaps of blocks, in the order in which they stand in the image, one read each.
final class BlockCheck {
  private static final int CHUNK_BYTES = 1 << 16;

  private final Container container;
  private final BlockGeometry geometry;
  private final ByteBuffer bitmap;
  private final ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK_BYTES);

  /// Receives a run of bytes in the image that are not zero although their sectors are not present.
  interface RunVisitor {
    void visit(long offsetBytes, long lengthBytes);
  }

  BlockCheck(Container container, BlockGeometry geometry) {
    this.container = container;
    this.geometry = geometry;
    bitmap = ByteBuffer.allocateDirect(geometry.bitmapBytes());
  }

  /// Reads the bitmap that starts at a byte.
  void load(long offsetBytes) throws IOException {
    container.read(offsetBytes, bitmap.clear());
    bitmap.flip();
  }

  /// The bytes of the bitmap that was loaded.
  byte[] bitmap() {
    byte[] bytes = new byte[bitmap.capacity()];
    bitmap.get(0, bytes);
    return bytes;
  }

  /// Whether a sector of the block that was loaded is present.
  boolean present(int sector) {
    return (bitmap.get(sector >>> 3) & 0x80 >>> (sector & 7)) != 0;
  }

  /// How many of the first sectors are present.
  int presentSectors(int sectors) {
    int count = 0;
    int at = 0;
    for (; at + Long.SIZE <= sectors; at += Long.SIZE) {
      count += Long.bitCount(bitmap.getLong(at >>> 3));
    }
    for (; at < sectors; at++) {
      count += present(at) ? 1 : 0;
    }
    return count;
  }

  /// Finds what is not zero in the sectors that are not present, of the block that was loaded;
  /// sectors that adjoin come as one run. Holes are not read.
  void unusedSectors(long blockOffsetBytes, RunVisitor visitor) throws IOException {
    int sectors = geometry.sectorsPerBlock();
    long dataAt = blockOffsetBytes + geometry.bitmapBytes();
    for (int from = 0; from < sectors; ) {
      boolean present = present(from);
      int end = from + 1;
      while (end < sectors && present(end) == present) {
        end++;
      }
      if (!present) {
        Runs runs = new Runs(visitor);
        long start = dataAt + (long) from * SECTOR_BYTES;
        for (Extent extent : allocated(start, (long) (end - from) * SECTOR_BYTES)) {
          scan(extent.offsetBytes(), extent.lengthBytes(), dataAt, runs);
        }
        runs.finish();
      }
      from = end;
    }
  }

  private List<Extent> allocated(long offsetBytes, long lengthBytes) throws IOException {
    List<Extent> extents = new ArrayList<>();
    container.extents(
        offsetBytes,
        lengthBytes,
        (offset, length, kind) -> {
          if (kind == Extent.Kind.DATA) {
            extents.add(new Extent(offset, length, kind));
          }
          return true;
        });
    return extents;
  }

  private void scan(long offset, long length, long dataAt, Runs runs) throws IOException {
    long at = offset;
    long end = offset + length;
    while (at < end) {
      // Extents may begin within a sector; sectors are looked at as wholes.
      int count = (int) Math.min(end - at, CHUNK_BYTES - (at - dataAt) % SECTOR_BYTES);
      container.read(at, chunk.clear().limit(count));
      chunk.flip();
      for (int i = 0; i < count; ) {
        int inSector = (int) ((at + i - dataAt) % SECTOR_BYTES);
        int part = Math.min(count - i, SECTOR_BYTES - inSector);
        if (!zero(i, part)) {
          runs.add(at + i - inSector);
        }
        i += part;
      }
      at += count;
    }
  }

  private boolean zero(int from, int length) {
    int i = from;
    for (; i + Long.BYTES <= from + length; i += Long.BYTES) {
      if (chunk.getLong(i) != 0) {
        return false;
      }
    }
    for (; i < from + length; i++) {
      if (chunk.get(i) != 0) {
        return false;
      }
    }
    return true;
  }

  /// Joins sectors to runs.
  private static final class Runs {
    private final RunVisitor visitor;
    private long start = -1;
    private long end = -1;

    Runs(RunVisitor visitor) {
      this.visitor = visitor;
    }

    void add(long sectorAt) {
      if (start >= 0 && sectorAt <= end) {
        end = Math.max(end, sectorAt + SECTOR_BYTES);
        return;
      }
      finish();
      start = sectorAt;
      end = sectorAt + SECTOR_BYTES;
    }

    void finish() {
      if (start >= 0) {
        visitor.visit(start, end - start);
        start = -1;
      }
    }
  }
}
