// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import static io.strata.check.BadImage.Outcome.CORRUPT;
import static io.strata.check.BadImage.Outcome.WARNED;

import io.strata.vhd.VhdLayout;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Footers of dynamic images with wrong fields and right checksums.
final class BadFooters {
  private final BadImages corpus;

  BadFooters(BadImages corpus) {
    this.corpus = corpus;
  }

  void addAll() throws IOException {
    for (int version : new int[] {0, 1, 0x00010001, 0x00020000, -1}) {
      both("version " + version, CORRUPT, VhdLayout.FOOTER_VERSION_AT, Images.word(version));
    }
    for (int type : new int[] {0, 1, 5, 6, 255, -1}) {
      both("type " + type, CORRUPT, VhdLayout.FOOTER_TYPE_AT, Images.word(type));
    }
    for (long size :
        new long[] {
          0,
          1,
          511,
          513,
          -1,
          -512,
          Long.MAX_VALUE,
          Long.MIN_VALUE,
          (2040L << 30) + 512,
          (10L << 20) + 512,
          2040L << 30
        }) {
      both("disk of " + size, CORRUPT, VhdLayout.FOOTER_CURRENT_SIZE_AT, Images.twoWords(size));
    }
    for (long offset : BadImages.WRONG_OFFSETS) {
      both(
          "header at " + offset, CORRUPT, VhdLayout.FOOTER_DATA_OFFSET_AT, Images.twoWords(offset));
    }
    both(
        "header at the BAT",
        CORRUPT,
        VhdLayout.FOOTER_DATA_OFFSET_AT,
        Images.twoWords(Images.tableAt(corpus.dynamic())));
    both(
        "header in its own second half",
        CORRUPT,
        VhdLayout.FOOTER_DATA_OFFSET_AT,
        Images.twoWords(1024));
    for (int features : new int[] {0, 1, 4, 0x80000002, -1}) {
      both("features " + features, WARNED, VhdLayout.FOOTER_FEATURES_AT, Images.word(features));
    }
    for (int geometry : new int[] {-1, 0xFFFF10FF, 0x10001011}) {
      both("geometry " + geometry, WARNED, VhdLayout.FOOTER_GEOMETRY_AT, Images.word(geometry));
    }
    for (int timestamp : new int[] {-1, Integer.MIN_VALUE, 2_000_000_000}) {
      both("timestamp " + timestamp, WARNED, VhdLayout.FOOTER_TIMESTAMP_AT, Images.word(timestamp));
    }
    for (int hidden : new int[] {2, 127, 255}) {
      both("hidden " + hidden, WARNED, VhdLayout.FOOTER_HIDDEN_AT, new byte[] {(byte) hidden});
    }
    for (int saved : new int[] {2, 127, 255}) {
      both(
          "saved state " + saved,
          WARNED,
          VhdLayout.FOOTER_SAVED_STATE_AT,
          new byte[] {(byte) saved});
    }
    for (int version : new int[] {0x00010004, 0x00020000, -1}) {
      both(
          "tap version " + version,
          WARNED,
          VhdLayout.FOOTER_CREATOR_VERSION_AT,
          Images.word(version));
    }
    for (int reserved : new int[] {86, 100, 400, 511}) {
      both("reserved byte " + reserved, WARNED, reserved, new byte[] {7});
    }
    for (int field :
        new int[] {
          VhdLayout.FOOTER_HIDDEN_AT,
          VhdLayout.FOOTER_TIMESTAMP_AT,
          VhdLayout.FOOTER_GEOMETRY_AT,
          VhdLayout.FOOTER_CREATOR_OS_AT,
          VhdLayout.FOOTER_SAVED_STATE_AT,
          VhdLayout.FOOTER_ORIGINAL_SIZE_AT,
          VhdLayout.FOOTER_UUID_AT
        }) {
      corpus.add(
          "end footer with another field at " + field,
          WARNED,
          corpus.dynamic(),
          image -> {
            long at = Images.endFooterAt(image);
            Images.putByte(image, at + field, 1);
            Images.putByte(image, at + field + 1, 1);
            Images.sealFooter(image, at);
          });
    }
    corpus.add(
        "copy of a fixed type",
        WARNED,
        corpus.dynamic(),
        image -> {
          Images.putInt(image, VhdLayout.FOOTER_TYPE_AT, 2);
          Images.sealFooter(image, 0);
        });
  }

  private void both(String name, BadImage.Outcome outcome, int at, byte[] value)
      throws IOException {
    corpus.add(
        "footers with " + name,
        outcome,
        corpus.dynamic(),
        image -> {
          for (long footer : new long[] {0, Images.endFooterAt(image)}) {
            Images.write(image, footer + at, ByteBuffer.wrap(value));
            Images.sealFooter(image, footer);
          }
        });
  }
}
