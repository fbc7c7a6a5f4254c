// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import static io.strata.check.BadImage.Outcome.CORRUPT;
import static io.strata.check.BadImage.Outcome.WARNED;

import io.strata.vhd.VhdLayout;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Fixed images with a wrong footer.
final class BadFixedImages {
  private final BadImages corpus;

  BadFixedImages(BadImages corpus) {
    this.corpus = corpus;
  }

  void addAll() throws IOException {
    for (int at = 0; at < VhdLayout.FOOTER_RESERVED_AT; at += 9) {
      int byteAt = at;
      corpus.add(
          "byte " + at + " of a fixed image's footer",
          CORRUPT,
          corpus.fixed(),
          image -> Images.flip(image, Images.endFooterAt(image) + byteAt));
    }
    for (long size : new long[] {0, 511, (1 << 20) + 512, 1L << 40, -512}) {
      fixed("a disk of " + size, CORRUPT, VhdLayout.FOOTER_CURRENT_SIZE_AT, Images.twoWords(size));
    }
    fixed("a header", WARNED, VhdLayout.FOOTER_DATA_OFFSET_AT, Images.twoWords(512));
    fixed("a geometry too large", WARNED, VhdLayout.FOOTER_GEOMETRY_AT, Images.word(-1));
    fixed("a reserved byte", WARNED, 200, new byte[] {1});
    fixed("a type that needs a header", CORRUPT, VhdLayout.FOOTER_TYPE_AT, Images.word(3));
    for (long size : new long[] {0, 511, 512, 4096, 1 << 20, (1 << 20) + 100, (1 << 20) + 510}) {
      corpus.add(
          "fixed image cut to " + size, CORRUPT, corpus.fixed(), image -> image.resize(size));
    }
  }

  private void fixed(String name, BadImage.Outcome outcome, int at, byte[] value)
      throws IOException {
    corpus.add(
        "fixed image with " + name,
        outcome,
        corpus.fixed(),
        image -> {
          long footer = Images.endFooterAt(image);
          Images.write(image, footer + at, ByteBuffer.wrap(value));
          Images.sealFooter(image, footer);
        });
  }
}
