// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import static io.strata.check.BadImage.Outcome.CORRUPT;
import static io.strata.check.BadImage.Outcome.WARNED;

import io.strata.vhd.VhdLayout;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Dynamic headers with wrong fields and right checksums.
final class BadHeaders {
  private final BadImages corpus;

  BadHeaders(BadImages corpus) {
    this.corpus = corpus;
  }

  void addAll() throws IOException {
    for (int size :
        new int[] {
          0, 1, 511, 512, 2048, 3 << 20, 0x200001, 0x1FFFFF, 512 << 20, Integer.MIN_VALUE, -1
        }) {
      header("block size " + size, CORRUPT, VhdLayout.HEADER_BLOCK_SIZE_AT, Images.word(size));
    }
    for (int entries :
        new int[] {0, 1, 4, Integer.MAX_VALUE, Integer.MIN_VALUE, -1, 1 << 30, (1 << 30) + 1}) {
      header(
          "BAT of " + Integer.toUnsignedString(entries) + " entries",
          CORRUPT,
          VhdLayout.HEADER_MAX_ENTRIES_AT,
          Images.word(entries));
    }
    for (long offset : BadImages.WRONG_OFFSETS) {
      header(
          "BAT at " + offset, CORRUPT, VhdLayout.HEADER_TABLE_OFFSET_AT, Images.twoWords(offset));
    }
    header("BAT on the header", CORRUPT, VhdLayout.HEADER_TABLE_OFFSET_AT, Images.twoWords(512));
    header(
        "BAT on its second half", CORRUPT, VhdLayout.HEADER_TABLE_OFFSET_AT, Images.twoWords(1024));
    for (int version : new int[] {0, 0x00010001, 0x00060000, -1}) {
      header("version " + version, CORRUPT, VhdLayout.HEADER_VERSION_AT, Images.word(version));
    }
    header("a next structure", WARNED, VhdLayout.HEADER_DATA_OFFSET_AT, Images.twoWords(512));
    header("a reserved field", WARNED, VhdLayout.HEADER_RESERVED_AT, Images.word(5));
    header("a reserved tail", WARNED, 1000, Images.word(5));
    header(
        "a parent in a dynamic image", WARNED, VhdLayout.HEADER_PARENT_UUID_AT, Images.twoWords(5));
    header(
        "half a parent in a dynamic image",
        WARNED,
        VhdLayout.HEADER_PARENT_UUID_AT + 8,
        Images.twoWords(5));
    header(
        "a parent's timestamp in a dynamic image",
        WARNED,
        VhdLayout.HEADER_PARENT_TIMESTAMP_AT,
        Images.word(5));
    for (int at : new int[] {0, 1, 511}) {
      header(
          "byte " + at + " of a parent's name in a dynamic image",
          WARNED,
          VhdLayout.HEADER_PARENT_NAME_AT + at,
          new byte[] {'x'});
    }
    header(
        "an unused locator in a dynamic image",
        WARNED,
        VhdLayout.HEADER_LOCATORS_AT + VhdLayout.LOCATOR_LENGTH_AT,
        Images.word(5));
    for (int timestamp : new int[] {-1, Integer.MIN_VALUE, 2_000_000_000}) {
      corpus.add(
          "parent's timestamp " + timestamp,
          WARNED,
          corpus.child(),
          image -> {
            Images.putInt(image, 512 + VhdLayout.HEADER_PARENT_TIMESTAMP_AT, timestamp);
            Images.sealHeader(image);
          });
    }
    tableOnFooter();
    for (int entries : new int[] {-1, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
      corpus.add(
          "sparse BAT of " + Integer.toUnsignedString(entries) + " entries",
          CORRUPT,
          corpus.dynamic(),
          image -> {
            image.resize(20L << 30);
            Images.putInt(image, 512 + VhdLayout.HEADER_MAX_ENTRIES_AT, entries);
            Images.putLong(image, 512 + VhdLayout.HEADER_TABLE_OFFSET_AT, 2L << 30);
            Images.sealHeader(image);
          });
    }
    corpus.add(
        "sparse BAT of a full disk, all zero",
        CORRUPT,
        corpus.dynamic(),
        image -> {
          image.resize(4L << 30);
          Images.putLong(image, VhdLayout.FOOTER_CURRENT_SIZE_AT, 2040L << 30);
          Images.sealFooter(image, 0);
          Images.putInt(image, 512 + VhdLayout.HEADER_MAX_ENTRIES_AT, 534_773_760);
          Images.putInt(image, 512 + VhdLayout.HEADER_BLOCK_SIZE_AT, 4096);
          Images.putLong(image, 512 + VhdLayout.HEADER_TABLE_OFFSET_AT, 1L << 30);
          Images.sealHeader(image);
        });
  }

  /// A BAT of more entries than the disk needs, into the footer.
  private void tableOnFooter() throws IOException {
    corpus.add(
        "BAT that reaches into the footer",
        WARNED,
        corpus.dynamic(),
        image -> {
          long table = Images.tableAt(image);
          ByteBuffer entries = Images.read(image, table, 512);
          long moved = image.sizeBytes() - 1024;
          Images.write(image, moved, entries);
          Images.putInt(image, 512 + VhdLayout.HEADER_MAX_ENTRIES_AT, 1024 / Integer.BYTES);
          Images.putLong(image, 512 + VhdLayout.HEADER_TABLE_OFFSET_AT, moved);
          Images.sealHeader(image);
        });
  }

  private void header(String name, BadImage.Outcome outcome, int at, byte[] value)
      throws IOException {
    corpus.add(
        "header with " + name,
        outcome,
        corpus.dynamic(),
        image -> {
          Images.write(image, Images.headerAt(image) + at, ByteBuffer.wrap(value));
          Images.sealHeader(image);
        });
  }
}
