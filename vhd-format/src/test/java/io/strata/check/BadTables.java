// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import static io.strata.check.BadImage.Outcome.CORRUPT;
import static io.strata.check.BadImage.Outcome.WARNED;

import io.strata.vhd.VhdLayout;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// BATs whose entries point where they must not.
final class BadTables {
  private final BadImages corpus;

  BadTables(BadImages corpus) {
    this.corpus = corpus;
  }

  void addAll() throws IOException {
    int first = Images.entry(corpus.dynamic(), 0);
    int second = Images.entry(corpus.dynamic(), 1);
    int beyond = (int) (corpus.dynamic().sizeBytes() / 512);
    List<Integer> wrong =
        new ArrayList<>(List.of(0, 1, 2, 3, 10, 15, 16, 17, 18, -2, Integer.MIN_VALUE, 1 << 30));
    wrong.addAll(List.of(beyond, beyond - 1, beyond - Images.BLOCK_SECTORS, beyond + 100_000));
    for (int distance : new int[] {0, 1, -1, 8, 100, 4095, 4096, -4096}) {
      wrong.add(first + distance);
      wrong.add(second + distance);
    }
    for (int sector : wrong) {
      if (sector != first) {
        entry(2, sector);
      }
      if (sector == beyond || sector == 1) {
        entry(0, sector);
        entry(4, sector);
      }
    }
    corpus.add(
        "all entries the same",
        CORRUPT,
        corpus.dynamic(),
        image -> {
          for (int block = 0; block < 5; block++) {
            Images.putInt(image, Images.entryAt(image, block), first);
          }
        });
    corpus.add(
        "entries beyond a disk that was cut",
        WARNED,
        corpus.dynamic(),
        image -> {
          for (long footer : new long[] {0, Images.endFooterAt(image)}) {
            Images.putLong(image, footer + VhdLayout.FOOTER_CURRENT_SIZE_AT, 4L << 20);
            Images.putInt(image, footer + VhdLayout.FOOTER_GEOMETRY_AT, 0);
            Images.sealFooter(image, footer);
          }
        });
  }

  private void entry(int block, int sector) throws IOException {
    corpus.add(
        "block "
            + block
            + " at sector "
            + Integer.toUnsignedString(sector)
            + " of "
            + corpus.size(),
        CORRUPT,
        corpus.dynamic(),
        image -> Images.putInt(image, Images.entryAt(image, block), sector));
  }
}
