// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import io.strata.block.sim.MemoryContainer;
import io.strata.vhd.VhdLayout;
import java.io.IOException;
import java.util.Random;

/// Damages an image's metadata at random, mostly with checksums that are right again afterwards, so
/// that the damage gets past them.
final class Mutator {
  private static final long[] BOUNDARIES = {
    0,
    1,
    2,
    511,
    512,
    513,
    1024,
    4096,
    8192,
    1 << 20,
    1 << 21,
    Integer.MAX_VALUE,
    1L << 31,
    (1L << 32) - 1,
    1L << 32,
    1L << 40,
    Long.MAX_VALUE,
    Long.MIN_VALUE,
    -1,
    -512
  };

  /// Where fields of 4 and 8 bytes are: in the footer, and in the header.
  private static final int[] FOOTER_FIELDS = {8, 12, 16, 24, 28, 32, 40, 48, 56, 60, 68, 84, 86};

  private static final int[] HEADER_FIELDS = {
    8, 16, 24, 28, 32, 40, 56, 60, 64, 576, 580, 584, 592, 600, 604, 608, 616, 624, 768
  };

  private Mutator() {}

  /// @param table where a dynamic image's BAT is
  static void mutate(MemoryContainer image, long table, Random random) throws IOException {
    int count = 1 + random.nextInt(4);
    for (int i = 0; i < count; i++) {
      long size = image.sizeBytes();
      if (size < 16 * 1024) {
        return;
      }
      switch (random.nextInt(10)) {
        case 0 -> Images.flip(image, random.nextInt(16 * 1024));
        case 1 -> image.resize(random.nextInt(3) == 0 ? random.nextLong(size) : near(size, random));
        case 2, 3 -> footerField(image, random, true);
        case 4 -> footerField(image, random, false);
        case 5, 6, 7 -> headerField(image, random);
        case 8 -> Images.putInt(image, table + 4L * random.nextInt(6), (int) value(image, random));
        default -> Images.putLong(image, table + 512 + random.nextInt(32), value(image, random));
      }
    }
  }

  private static long near(long size, Random random) {
    return Math.max(0, size + random.nextInt(2048) - 1024);
  }

  private static void footerField(MemoryContainer image, Random random, boolean both)
      throws IOException {
    int field = FOOTER_FIELDS[random.nextInt(FOOTER_FIELDS.length)];
    long value = value(image, random);
    int width = random.nextInt(3);
    boolean seal = random.nextInt(8) != 0;
    boolean copy = both || random.nextBoolean();
    if (copy) {
      put(image, field, value, width);
      if (seal) {
        Images.sealFooter(image, 0);
      }
    }
    if (both || !copy) {
      long at = Images.endFooterAt(image);
      put(image, at + field, value, width);
      if (seal) {
        Images.sealFooter(image, at);
      }
    }
  }

  private static void headerField(MemoryContainer image, Random random) throws IOException {
    long at = VhdLayout.FOOTER_BYTES;
    int field = HEADER_FIELDS[random.nextInt(HEADER_FIELDS.length)];
    put(image, at + field, value(image, random), random.nextInt(3));
    if (random.nextInt(8) != 0) {
      Images.sealHeaderAt(image, at);
    }
  }

  private static void put(MemoryContainer image, long at, long value, int width)
      throws IOException {
    switch (width) {
      case 0 -> Images.putLong(image, at, value);
      case 1 -> Images.putInt(image, at, (int) value);
      default -> Images.putByte(image, at, (int) value);
    }
  }

  private static long value(MemoryContainer image, Random random) {
    return switch (random.nextInt(6)) {
      case 0 -> BOUNDARIES[random.nextInt(BOUNDARIES.length)] + random.nextInt(3) - 1;
      case 1 -> random.nextLong();
      case 2 -> near(image.sizeBytes(), random);
      case 3 -> random.nextLong(image.sizeBytes()) / 512 * 512;
      case 4 -> random.nextLong(image.sizeBytes()) / 512;
      default -> random.nextInt(10);
    };
  }
}
