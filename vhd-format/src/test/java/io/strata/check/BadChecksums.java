// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import static io.strata.check.BadImage.Outcome.CORRUPT;
import static io.strata.check.BadImage.Outcome.WARNED;

import io.strata.vhd.VhdLayout;
import java.io.IOException;

/// Single bytes changed, under a checksum or not.
final class BadChecksums {
  private final BadImages corpus;

  BadChecksums(BadImages corpus) {
    this.corpus = corpus;
  }

  void addAll() throws IOException {
    for (int at = 0; at < VhdLayout.FOOTER_BYTES; at += 23) {
      int byteAt = at;
      corpus.add(
          "byte " + at + " of the end footer",
          WARNED,
          corpus.dynamic(),
          image -> Images.flip(image, Images.endFooterAt(image) + byteAt));
      corpus.add(
          "byte " + at + " of the footer copy",
          WARNED,
          corpus.child(),
          image -> Images.flip(image, byteAt));
      corpus.add(
          "byte " + at + " of both footers",
          CORRUPT,
          corpus.dynamic(),
          image -> {
            Images.flip(image, byteAt);
            Images.flip(image, Images.endFooterAt(image) + byteAt);
          });
    }
    for (int at = 0; at < VhdLayout.HEADER_BYTES; at += 29) {
      int byteAt = at;
      corpus.add(
          "byte " + at + " of the header",
          CORRUPT,
          at % 2 == 0 ? corpus.dynamic() : corpus.child(),
          image -> Images.flip(image, Images.headerAt(image) + byteAt));
    }
  }
}
