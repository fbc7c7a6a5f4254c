// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import static io.strata.check.BadImage.Outcome.CORRUPT;
import static io.strata.check.BadImage.Outcome.REFUSED;
import static io.strata.check.BadImage.Outcome.WARNED;

import io.strata.block.sim.MemoryContainer;
import io.strata.vhd.ParentResolver;
import io.strata.vhd.VhdLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// Parent locators and names that lie, or that nobody should follow.
final class BadLocators {
  private final BadImages corpus;

  BadLocators(BadImages corpus) {
    this.corpus = corpus;
  }

  void addAll() throws IOException {
    long entries = 512 + VhdLayout.HEADER_LOCATORS_AT;
    for (int index = 0; index < 3; index++) {
      long at = entries + (long) index * VhdLayout.LOCATOR_BYTES;
      for (int length : new int[] {-1, Integer.MIN_VALUE, Integer.MAX_VALUE, 8193, 1 << 20}) {
        locator(
            "locator " + index + " of length " + length,
            CORRUPT,
            at + VhdLayout.LOCATOR_LENGTH_AT,
            Images.word(length));
      }
      for (long offset : new long[] {-1, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 50}) {
        locator(
            "locator " + index + " at " + offset,
            CORRUPT,
            at + VhdLayout.LOCATOR_OFFSET_AT,
            Images.twoWords(offset));
      }
      locator(
          "locator " + index + " of no platform that is known",
          WARNED,
          at,
          Images.word(0x41424344));
      locator(
          "locator " + index + " without space",
          WARNED,
          at + VhdLayout.LOCATOR_SPACE_AT,
          Images.word(0));
    }
    wrongFields();
    overlaps();
    for (String path :
        List.of(
            "/etc/shadow",
            "../../x",
            "file://host/share/x.vhd",
            "json:{\"driver\":\"file\"}",
            "nbd:localhost:10809",
            "file:///dev/sda",
            "\\\\host\\share\\x.vhd",
            "http://host/x",
            "a\nb",
            "$(id)",
            "\u0000",
            "\uD800",
            "%s%n",
            "C:\\x.vhd",
            "x".repeat(500))) {
      byte[] utf8 = path.getBytes(StandardCharsets.UTF_8);
      String shown =
          path.replaceAll("\\P{Graph}", "?").substring(0, Math.min(20, path.length()))
              + " #"
              + corpus.size();
      corpus.add("locator path " + shown, WARNED, corpus.child(), image -> path(image, 0, utf8));
      corpus.add(
          "locator path " + shown + ", nothing to resolve with",
          REFUSED,
          corpus.child(),
          ParentResolver.none(),
          true,
          image -> path(image, 0, utf8));
      if (path.length() < 250) {
        corpus.add("parent's name " + shown, WARNED, corpus.child(), image -> name(image, path));
      }
    }
  }

  private void wrongFields() throws IOException {
    long entries = 512 + VhdLayout.HEADER_LOCATORS_AT;
    for (int index = 0; index < 3; index++) {
      long at = entries + (long) index * VhdLayout.LOCATOR_BYTES;
      locator(
          "locator " + index + " without length",
          WARNED,
          at + VhdLayout.LOCATOR_LENGTH_AT,
          Images.word(0));
      locator(
          "locator " + index + " without offset",
          WARNED,
          at + VhdLayout.LOCATOR_OFFSET_AT,
          Images.twoWords(0));
      locator(
          "locator " + index + " with a reserved field",
          WARNED,
          at + VhdLayout.LOCATOR_RESERVED_AT,
          Images.word(1));
      locator("locator " + index + " of no platform, with a path", WARNED, at, Images.word(0));
    }
    locator(
        "unused locator with a reserved field",
        WARNED,
        entries + 7L * VhdLayout.LOCATOR_BYTES + VhdLayout.LOCATOR_RESERVED_AT,
        Images.word(1));
    locator(
        "two locators of one platform",
        WARNED,
        entries + VhdLayout.LOCATOR_BYTES,
        Images.word(0x57327275));
    for (byte[] name : new byte[][] {{(byte) 0xD8, 0}, {0, 'x', (byte) 0xDC, 0}}) {
      corpus.add(
          "parent's name of no characters #" + corpus.size(),
          WARNED,
          corpus.child(),
          image -> {
            Images.write(image, 512 + VhdLayout.HEADER_PARENT_NAME_AT, ByteBuffer.wrap(name));
            Images.sealHeader(image);
          });
    }
    corpus.add(
        "parent's name with no character long after its end",
        WARNED,
        corpus.child(),
        image -> {
          Images.putByte(image, 512 + VhdLayout.HEADER_PARENT_NAME_AT + 500, 0xDC);
          Images.sealHeader(image);
        });
  }

  private void overlaps() throws IOException {
    long entries = 512 + VhdLayout.HEADER_LOCATORS_AT;
    MemoryContainer child = corpus.child();
    long size = child.sizeBytes();
    for (long offset :
        new long[] {
          256,
          512,
          1024,
          Images.tableAt(child),
          Images.batmapAt(child),
          Images.batmapAt(child) + 512,
          512L * Images.entry(child, 0),
          1536,
          size - 512,
          size - 600
        }) {
      locator(
          "locator 1 on what lies at " + offset,
          WARNED,
          entries + VhdLayout.LOCATOR_BYTES + VhdLayout.LOCATOR_OFFSET_AT,
          Images.twoWords(offset));
    }
    for (int space : new int[] {3, 20, 511, 2048, 1 << 20, -1}) {
      locator(
          "locator 0 with space of " + space,
          WARNED,
          entries + VhdLayout.LOCATOR_SPACE_AT,
          Images.word(space));
    }
  }

  private static void path(MemoryContainer image, int index, byte[] path) throws IOException {
    long at = 512 + VhdLayout.HEADER_LOCATORS_AT + (long) index * VhdLayout.LOCATOR_BYTES;
    long dataAt = Images.read(image, at + VhdLayout.LOCATOR_OFFSET_AT, 8).getLong();
    Images.write(image, dataAt, ByteBuffer.wrap(path));
    Images.putInt(image, at + VhdLayout.LOCATOR_LENGTH_AT, path.length);
    Images.sealHeader(image);
  }

  private static void name(MemoryContainer image, String name) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(VhdLayout.HEADER_PARENT_NAME_BYTES);
    for (int i = 0; i < name.length(); i++) {
      bytes.putChar(name.charAt(i));
    }
    Images.write(image, 512 + VhdLayout.HEADER_PARENT_NAME_AT, bytes.clear());
    Images.sealHeader(image);
  }

  private void locator(String name, BadImage.Outcome outcome, long at, byte[] value)
      throws IOException {
    corpus.add(
        name,
        outcome,
        corpus.child(),
        image -> {
          Images.write(image, at, ByteBuffer.wrap(value));
          Images.sealHeader(image);
        });
  }
}
