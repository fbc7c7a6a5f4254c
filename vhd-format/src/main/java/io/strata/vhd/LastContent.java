// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static io.strata.vhd.VhdLayout.SECTOR_BYTES;

import io.strata.block.Container;
import io.strata.block.Extent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// Finds the last sector that is not zero, with bounded work: holes cost next to nothing, and no
/// more than 256 MiB of data are read in all.
final class LastContent {
  /// Every sector is zero.
  static final long NONE = -1;

  /// More would have to be read than is allowed.
  static final long UNKNOWN = -2;

  private static final long MOST_READ_BYTES = 256L << 20;
  private static final long WINDOW_BYTES = 256L << 20;
  private static final int CHUNK_BYTES = 1 << 20;

  private final Container container;
  private long leftBytes;

  LastContent(Container container) {
    this(container, MOST_READ_BYTES);
  }

  LastContent(Container container, long mostReadBytes) {
    this.container = container;
    leftBytes = mostReadBytes;
  }

  /// The offset of the last sector in a range of whole sectors that is not zero, or [#NONE], or
  /// [#UNKNOWN].
  long lastSector(long fromBytes, long toBytes) throws IOException {
    long end = toBytes;
    while (end > fromBytes) {
      long start = Math.max(fromBytes, (end - 1) / WINDOW_BYTES * WINDOW_BYTES);
      for (Extent extent : dataIn(start, end).reversed()) {
        long found = lastOfData(extent);
        if (found != NONE) {
          return found;
        }
      }
      end = start;
    }
    return NONE;
  }

  private List<Extent> dataIn(long start, long end) throws IOException {
    List<Extent> data = new ArrayList<>();
    container.extents(
        start,
        end - start,
        (offset, length, kind) -> {
          if (kind == Extent.Kind.DATA) {
            data.add(new Extent(offset, length, kind));
          }
          return true;
        });
    return data;
  }

  private long lastOfData(Extent extent) throws IOException {
    ByteBuffer chunk =
        ByteBuffer.allocate((int) Math.min(CHUNK_BYTES, Math.max(extent.lengthBytes(), 1)));
    for (long end = extent.endBytes(); end > extent.offsetBytes(); ) {
      long start = Math.max(extent.offsetBytes(), end - chunk.capacity());
      int length = (int) (end - start);
      if (length > leftBytes) {
        return UNKNOWN;
      }
      leftBytes -= length;
      container.read(start, chunk.clear().limit(length));
      int last = lastNotZero(chunk.array(), length);
      if (last >= 0) {
        return (start + last) / SECTOR_BYTES * SECTOR_BYTES;
      }
      end = start;
    }
    return NONE;
  }

  private static int lastNotZero(byte[] bytes, int length) {
    int last = length - 1;
    while (last >= 0 && bytes[last] == 0) {
      last--;
    }
    return last;
  }
}
