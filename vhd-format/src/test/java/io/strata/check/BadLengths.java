// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import static io.strata.check.BadImage.Outcome.CORRUPT;
import static io.strata.check.BadImage.Outcome.WARNED;

import java.io.IOException;

/// Images cut short, or with something behind their end.
final class BadLengths {
  private final BadImages corpus;

  BadLengths(BadImages corpus) {
    this.corpus = corpus;
  }

  void addAll() throws IOException {
    int last = Images.entry(corpus.dynamic(), 3);
    long content = 512L * (last + Images.BLOCK_SECTORS);
    for (long size = 0; size < 24 * 1024; size += 512) {
      cut(size, CORRUPT);
    }
    for (long size = 1 << 20; size < content; size += 700 * 1024) {
      cut(size, CORRUPT);
    }
    for (long distance : new long[] {-1024, -512, -511, -1}) {
      cut(content + distance, CORRUPT);
    }
    for (long distance : new long[] {0, 1, 100, 511, 512, 513, 4096}) {
      cut(content + distance, WARNED);
    }
    for (long distance : new long[] {1, 2, 100, 510, 512}) {
      cut(corpus.dynamic().sizeBytes() - distance, WARNED);
    }
    for (long more : new long[] {1, 100, 510, 511, 512, 4096}) {
      cut(corpus.dynamic().sizeBytes() + more, WARNED);
    }
    for (long size : new long[] {510, 511, 513, 1023, 1535, 8191}) {
      cut(size, CORRUPT);
    }
  }

  private void cut(long size, BadImage.Outcome outcome) throws IOException {
    corpus.add(
        "image cut to " + size + " bytes", outcome, corpus.dynamic(), image -> image.resize(size));
  }
}
