// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import static io.strata.check.BadImage.Outcome.CORRUPT;
import static io.strata.check.BadImage.Outcome.WARNED;

import io.strata.vhd.VhdLayout;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Fixed images whose growth was interrupted, and such that look like it.
final class BadGrowth {
  private static final long FIXED_BYTES = Images.MIB;

  private final BadImages corpus;

  BadGrowth(BadImages corpus) {
    this.corpus = corpus;
  }

  void addAll() throws IOException {
    for (int more : new int[] {1, 100, 510, 511, 512, 1024, 4096, 5 << 20}) {
      corpus.add(
          "fixed image longer by " + more,
          WARNED,
          corpus.fixed(),
          image -> image.resize(FIXED_BYTES + 512 + more));
    }
    grown("remnants in the last sector", WARNED, FIXED_BYTES + 4096, new byte[] {7});
    grown("something behind the footer", CORRUPT, FIXED_BYTES + 1024, new byte[] {7});
    grown("its footer damaged", CORRUPT, FIXED_BYTES + 70, new byte[] {7});
    for (long disk : new long[] {0, 511, FIXED_BYTES + 512, -512, 1L << 50}) {
      grownFooter(
          "a disk of " + disk, CORRUPT, VhdLayout.FOOTER_CURRENT_SIZE_AT, Images.twoWords(disk));
    }
    grownFooter(
        "a smaller disk over data",
        CORRUPT,
        VhdLayout.FOOTER_CURRENT_SIZE_AT,
        Images.twoWords(512));
    grownFooter(
        "room behind the disk",
        WARNED,
        VhdLayout.FOOTER_CURRENT_SIZE_AT,
        Images.twoWords(512L << 10));
    grownFooter("another type", CORRUPT, VhdLayout.FOOTER_TYPE_AT, Images.word(3));
    grownFooter("a reserved byte", WARNED, 200, new byte[] {1});
    corpus.add(
        "fixed image with data like a footer, its own damaged",
        CORRUPT,
        corpus.fixed(),
        image -> {
          long at = FIXED_BYTES - 512;
          Images.write(image, at, Images.read(image, FIXED_BYTES, 512));
          Images.putLong(image, at + VhdLayout.FOOTER_CURRENT_SIZE_AT, at);
          Images.sealFooter(image, at);
          Images.flip(image, FIXED_BYTES + 100);
        });
  }

  private void grown(String name, BadImage.Outcome outcome, long at, byte[] value)
      throws IOException {
    corpus.add(
        "fixed image grown without its footer, with " + name,
        outcome,
        corpus.fixed(),
        image -> {
          image.resize(FIXED_BYTES + 512 + 4096);
          Images.write(image, at, ByteBuffer.wrap(value));
        });
  }

  private void grownFooter(String name, BadImage.Outcome outcome, int at, byte[] value)
      throws IOException {
    corpus.add(
        "fixed image grown without its footer, which has " + name,
        outcome,
        corpus.fixed(),
        image -> {
          Images.write(image, FIXED_BYTES + at, ByteBuffer.wrap(value));
          Images.sealFooter(image, FIXED_BYTES);
          image.resize(FIXED_BYTES + 512 + 4096);
        });
  }
}
