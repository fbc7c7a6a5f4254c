// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import static io.strata.check.BadImage.Outcome.CORRUPT;
import static io.strata.check.BadImage.Outcome.WARNED;

import io.strata.vhd.ParentResolver;
import io.strata.vhd.VhdLayout;
import java.io.IOException;

/// Batmaps that contradict the image, and are ignored at worst.
final class BadBatmaps {
  private final BadImages corpus;

  BadBatmaps(BadImages corpus) {
    this.corpus = corpus;
  }

  void addAll() throws IOException {
    for (int block : new int[] {1, 3}) {
      corpus.add(
          "batmap that claims block " + block,
          WARNED,
          corpus.dynamic(),
          ParentResolver.none(),
          false,
          image -> Images.claimFull(image, block));
      corpus.add(
          "batmap that claims block " + block + " of a child",
          WARNED,
          corpus.child(),
          Images.among(corpus.dynamic()),
          false,
          image -> Images.claimFull(image, block));
    }
    for (int block : new int[] {5, 100, 4095}) {
      corpus.add(
          "batmap that claims block " + block + " beyond the disk",
          WARNED,
          corpus.dynamic(),
          image -> Images.claimFull(image, block));
    }
    for (int checksum : new int[] {0, 1, 0x12345678}) {
      corpus.add(
          "batmap checksum " + checksum,
          WARNED,
          corpus.dynamic(),
          image ->
              Images.putInt(
                  image, Images.batmapAt(image) + VhdLayout.BATMAP_CHECKSUM_AT, checksum));
    }
    for (int sectors : new int[] {0, 66, 1 << 22, 1 << 23, Integer.MIN_VALUE, -1}) {
      corpus.add(
          "batmap of " + sectors + " sectors",
          WARNED,
          corpus.dynamic(),
          image ->
              Images.putInt(image, Images.batmapAt(image) + VhdLayout.BATMAP_SECTORS_AT, sectors));
    }
    corpus.add(
        "batmap of 65 sectors, on the first block",
        CORRUPT,
        corpus.dynamic(),
        image -> Images.putInt(image, Images.batmapAt(image) + VhdLayout.BATMAP_SECTORS_AT, 65));
    corpus.add(
        "sparse batmap of 2 GiB",
        WARNED,
        corpus.dynamic(),
        image -> {
          Images.putInt(image, Images.batmapAt(image) + VhdLayout.BATMAP_SECTORS_AT, 1 << 22);
          image.resize(8L << 30);
        });
    for (long offset : BadImages.WRONG_OFFSETS) {
      corpus.add(
          "batmap at " + offset,
          WARNED,
          corpus.dynamic(),
          image ->
              Images.putLong(image, Images.batmapAt(image) + VhdLayout.BATMAP_OFFSET_AT, offset));
    }
    corpus.add(
        "batmap on the first block",
        CORRUPT,
        corpus.dynamic(),
        image ->
            Images.putLong(
                image,
                Images.batmapAt(image) + VhdLayout.BATMAP_OFFSET_AT,
                512L * Images.entry(image, 0)));
    corpus.add(
        "batmap on the footer",
        CORRUPT,
        corpus.dynamic(),
        image ->
            Images.putLong(
                image,
                Images.batmapAt(image) + VhdLayout.BATMAP_OFFSET_AT,
                Images.endFooterAt(image)));
    corpus.add(
        "batmap on the header",
        WARNED,
        corpus.dynamic(),
        image -> {
          long map = Images.batmapAt(image) + 512;
          Images.write(image, map, Images.read(image, 512, VhdLayout.HEADER_BYTES));
          for (long footer : new long[] {0, Images.endFooterAt(image)}) {
            Images.putLong(image, footer + VhdLayout.FOOTER_DATA_OFFSET_AT, map);
            Images.sealFooter(image, footer);
          }
        });
    for (int version : new int[] {0, 0x00010003, -1}) {
      corpus.add(
          "batmap version " + version,
          WARNED,
          corpus.dynamic(),
          image ->
              Images.putInt(image, Images.batmapAt(image) + VhdLayout.BATMAP_VERSION_AT, version));
    }
    corpus.add(
        "no batmap", WARNED, corpus.dynamic(), image -> Images.flip(image, Images.batmapAt(image)));
    for (int sector : new int[] {10, 500, 4095}) {
      corpus.add(
          "data in sector " + sector + " that is not present",
          WARNED,
          corpus.dynamic(),
          image -> Images.putByte(image, 512L * (Images.entry(image, 3) + 1 + sector) + 77, 9));
    }
  }
}
