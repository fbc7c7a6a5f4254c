// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.util.Arrays;

/// Operations on a block's bitmap, one bit per sector, the most significant bit first (as on disk).
///
/// Bits only ever go from 0 to 1 while an image is open. Readers need no lock: a bit that is seen
/// set was set after its sector's data was written.
final class SectorBitmap {
  private static final VarHandle WORDS = MethodHandles.arrayElementVarHandle(long[].class);

  private SectorBitmap() {}

  /// The bits of a block's sectors. What follows them, where they are less than a word, is padding
  /// that other programs may have set.
  static long[] parse(ByteBuffer bytes, int sectors) {
    long[] bits = full(sectors);
    for (int i = 0; i < bits.length; i++) {
      bits[i] &= bytes.getLong();
    }
    return bits;
  }

  static void write(long[] bits, ByteBuffer target) {
    for (long word : bits) {
      target.putLong(word);
    }
  }

  static long[] full(int sectors) {
    long[] bits = new long[Math.ceilDiv(sectors, Long.SIZE)];
    Arrays.fill(bits, -1L);
    if (sectors < Long.SIZE) {
      bits[0] = -1L << (Long.SIZE - sectors);
    }
    return bits;
  }

  static boolean get(long[] bits, int sector) {
    return (word(bits, sector >>> 6) << sector) < 0;
  }

  static int count(long[] bits) {
    int count = 0;
    for (long word : bits) {
      count += Long.bitCount(word);
    }
    return count;
  }

  /// The bits that are set from `from` to `end`.
  static int count(long[] bits, int from, int end) {
    int count = 0;
    for (int index = from >>> 6; index <= (end - 1) >>> 6; index++) {
      count += Long.bitCount(word(bits, index) & mask(index, from, end));
    }
    return count;
  }

  /// The first sector from `from` on, below `end`, whose bit differs from `value`; `end` if none.
  static int endOfRun(long[] bits, int from, int end, boolean value) {
    int sector = from;
    while (sector < end) {
      long word = word(bits, sector >>> 6);
      long different = (value ? ~word : word) << sector;
      if (different != 0) {
        return Math.min(end, sector + Long.numberOfLeadingZeros(different));
      }
      sector = (sector | 63) + 1;
    }
    return end;
  }

  /// Sets the bits from `from` to `end`, and says how many were not set before. One writer at a
  /// time.
  static int set(long[] bits, int from, int end) {
    int added = 0;
    for (int index = from >>> 6; index <= (end - 1) >>> 6; index++) {
      long mask = mask(index, from, end);
      long before = bits[index];
      added += Long.bitCount(mask & ~before);
      WORDS.setVolatile(bits, index, before | mask);
    }
    return added;
  }

  /// The bits of a word that belong to the sectors from `from` to `end`.
  private static long mask(int index, int from, int end) {
    int low = Math.max(from - (index << 6), 0);
    int high = Math.min(end - (index << 6), Long.SIZE);
    return (-1L >>> low) & (-1L << (Long.SIZE - high));
  }

  static long[] copy(long[] bits) {
    long[] copied = new long[bits.length];
    for (int i = 0; i < bits.length; i++) {
      copied[i] = word(bits, i);
    }
    return copied;
  }

  private static long word(long[] bits, int index) {
    return (long) WORDS.getVolatile(bits, index);
  }
}
