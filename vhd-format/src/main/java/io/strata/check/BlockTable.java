// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import static io.strata.vhd.VhdLayout.SECTOR_BYTES;

import io.strata.vhd.VhdLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/// The blocks that the BAT names within the image and apart from its metadata, by their place.
///
/// Takes 8 bytes a block, and no more blocks than the image has room for, up to a bound.
final class BlockTable {
  /// Blocks that are kept: all that an image of 2 TiB has room for where they have 128 KiB, in 128
  /// MiB of memory.
  static final int MOST_BLOCKS = 1 << 24;

  private static final int BLOCK_BITS = 30;
  private static final int CHUNK_BYTES = 1 << 18;

  private long[] places = new long[64];
  private int size;
  private long allocated;
  private boolean sound = true;

  /// Receives the entries of a BAT that are in use; returns false to stop.
  interface EntryVisitor {
    boolean visit(long index, long sector) throws IOException;
  }

  /// Walks over the entries `[from, end)` of a BAT that are in use.
  static void forEach(Subject subject, long tableAt, long from, long end, EntryVisitor visitor)
      throws IOException {
    ByteBuffer chunk =
        ByteBuffer.allocateDirect(
            (int) Math.min(CHUNK_BYTES, Math.max(0, end - from) * Integer.BYTES));
    long index = from;
    while (index < end) {
      int count = (int) Math.min(end - index, chunk.capacity() / Integer.BYTES);
      chunk.clear().limit(count * Integer.BYTES);
      subject.container().read(tableAt + index * Integer.BYTES, chunk);
      chunk.flip();
      for (int i = 0; i < count; i++) {
        int entry = chunk.getInt(i * Integer.BYTES);
        if (entry != VhdLayout.UNALLOCATED
            && !visitor.visit(index + i, Integer.toUnsignedLong(entry))) {
          return;
        }
      }
      index += count;
    }
  }

  void countAllocated() {
    allocated++;
  }

  void unsound() {
    sound = false;
  }

  void add(int block, long sector) {
    if (size == places.length) {
      places = Arrays.copyOf(places, size * 2);
    }
    places[size++] = sector << BLOCK_BITS | block;
  }

  void sort() {
    Arrays.sort(places, 0, size);
  }

  /// Blocks kept.
  int size() {
    return size;
  }

  /// Blocks that the BAT names, wherever, as far as it was read.
  long allocated() {
    return allocated;
  }

  /// Whether every entry is right.
  boolean sound() {
    return sound;
  }

  /// Sector of the bitmap of the i-th block by place.
  long sector(int i) {
    return places[i] >>> BLOCK_BITS;
  }

  /// First byte of the bitmap of the i-th block by place.
  long offsetBytes(int i) {
    return sector(i) * SECTOR_BYTES;
  }

  /// Number of the i-th block by place.
  int block(int i) {
    return (int) (places[i] & (1 << BLOCK_BITS) - 1);
  }

  /// Index of the last block that starts at or before a sector, or -1.
  int indexBefore(long sector) {
    long key = sector << BLOCK_BITS | (1 << BLOCK_BITS) - 1;
    int found = Arrays.binarySearch(places, 0, size, key);
    return found >= 0 ? found : -found - 2;
  }

  /// The number of a block that takes some of the bytes `[start, end)` of the image.
  Optional<Integer> blockOn(long start, long end, RawHeader header) {
    long blockBytes = (long) header.geometry().blockSectors() * SECTOR_BYTES;
    int i = indexBefore(Math.max(0, end - 1) / SECTOR_BYTES);
    return i >= 0 && offsetBytes(i) + blockBytes > start ? Optional.of(block(i)) : Optional.empty();
  }
}
