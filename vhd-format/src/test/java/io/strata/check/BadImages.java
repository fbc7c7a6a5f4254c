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
import java.util.ArrayList;
import java.util.List;

/// A corpus of damaged images, made by code from valid ones; the same at each run.
final class BadImages {
  private static final long[] WRONG_OFFSETS = {
    0,
    1,
    256,
    511,
    513,
    1025,
    -1,
    -512,
    Long.MIN_VALUE,
    Long.MAX_VALUE,
    1L << 40,
    0x7FFFFFFFFFFFFE00L
  };

  private static final long FIXED_BYTES = Images.MIB;

  private final MemoryContainer dynamic = Images.dynamic();
  private final MemoryContainer fixed = Images.fixed();
  private final MemoryContainer child = Images.child(dynamic, Images.CHILD, "child.vhd");
  private final MemoryContainer sibling = Images.child(dynamic, Images.SIBLING, "sibling.vhd");
  private final List<BadImage> all = new ArrayList<>();

  private BadImages() throws IOException {}

  /// Damage done to a copy of a valid image.
  private interface Damage {
    void to(MemoryContainer image) throws IOException;
  }

  static List<BadImage> all() throws IOException {
    BadImages images = new BadImages();
    images.checksums();
    images.footers();
    images.headers();
    images.tables();
    images.batmaps();
    images.locators();
    images.truncated();
    images.fixedImages();
    images.interruptedGrowth();
    images.chains();
    return images.all;
  }

  private void add(String name, BadImage.Outcome outcome, MemoryContainer from, Damage damage)
      throws IOException {
    add(name, outcome, from, Images.among(dynamic, child), true, damage);
  }

  private void add(
      String name,
      BadImage.Outcome outcome,
      MemoryContainer from,
      ParentResolver parents,
      boolean contentKept,
      Damage damage)
      throws IOException {
    MemoryContainer image = Images.copy(from);
    damage.to(image);
    all.add(new BadImage(name, outcome, image, parents, contentKept));
  }

  private void checksums() throws IOException {
    for (int at = 0; at < VhdLayout.FOOTER_BYTES; at += 23) {
      int byteAt = at;
      add(
          "byte " + at + " of the end footer",
          WARNED,
          dynamic,
          image -> Images.flip(image, Images.endFooterAt(image) + byteAt));
      add("byte " + at + " of the footer copy", WARNED, child, image -> Images.flip(image, byteAt));
      add(
          "byte " + at + " of both footers",
          CORRUPT,
          dynamic,
          image -> {
            Images.flip(image, byteAt);
            Images.flip(image, Images.endFooterAt(image) + byteAt);
          });
    }
    for (int at = 0; at < VhdLayout.HEADER_BYTES; at += 29) {
      int byteAt = at;
      add(
          "byte " + at + " of the header",
          CORRUPT,
          at % 2 == 0 ? dynamic : child,
          image -> Images.flip(image, Images.headerAt(image) + byteAt));
    }
  }

  private void footers() throws IOException {
    for (int version : new int[] {0, 1, 0x00010001, 0x00020000, -1}) {
      both("version " + version, CORRUPT, VhdLayout.FOOTER_VERSION_AT, word(version));
    }
    for (int type : new int[] {0, 1, 5, 6, 255, -1}) {
      both("type " + type, CORRUPT, VhdLayout.FOOTER_TYPE_AT, word(type));
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
      both("disk of " + size, CORRUPT, VhdLayout.FOOTER_CURRENT_SIZE_AT, twoWords(size));
    }
    for (long offset : WRONG_OFFSETS) {
      both("header at " + offset, CORRUPT, VhdLayout.FOOTER_DATA_OFFSET_AT, twoWords(offset));
    }
    both(
        "header at the BAT",
        CORRUPT,
        VhdLayout.FOOTER_DATA_OFFSET_AT,
        twoWords(Images.tableAt(dynamic)));
    both("header in its own second half", CORRUPT, VhdLayout.FOOTER_DATA_OFFSET_AT, twoWords(1024));
    for (int features : new int[] {0, 1, 4, 0x80000002, -1}) {
      both("features " + features, WARNED, VhdLayout.FOOTER_FEATURES_AT, word(features));
    }
    for (int geometry : new int[] {-1, 0xFFFF10FF, 0x10001011}) {
      both("geometry " + geometry, WARNED, VhdLayout.FOOTER_GEOMETRY_AT, word(geometry));
    }
    for (int timestamp : new int[] {-1, Integer.MIN_VALUE, 2_000_000_000}) {
      both("timestamp " + timestamp, WARNED, VhdLayout.FOOTER_TIMESTAMP_AT, word(timestamp));
    }
    for (int hidden : new int[] {2, 127, 255}) {
      both("hidden " + hidden, WARNED, VhdLayout.FOOTER_HIDDEN_AT, new byte[] {(byte) hidden});
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
      add(
          "end footer with another field at " + field,
          WARNED,
          dynamic,
          image -> {
            long at = Images.endFooterAt(image);
            Images.putByte(image, at + field, 1);
            Images.putByte(image, at + field + 1, 1);
            Images.sealFooter(image, at);
          });
    }
    add(
        "copy of a fixed type",
        WARNED,
        dynamic,
        image -> {
          Images.putInt(image, VhdLayout.FOOTER_TYPE_AT, 2);
          Images.sealFooter(image, 0);
        });
  }

  private void both(String name, BadImage.Outcome outcome, int at, byte[] value)
      throws IOException {
    add(
        "footers with " + name,
        outcome,
        dynamic,
        image -> {
          for (long footer : new long[] {0, Images.endFooterAt(image)}) {
            Images.write(image, footer + at, ByteBuffer.wrap(value));
            Images.sealFooter(image, footer);
          }
        });
  }

  private void headers() throws IOException {
    for (int size :
        new int[] {
          0, 1, 511, 512, 2048, 3 << 20, 0x200001, 0x1FFFFF, 512 << 20, Integer.MIN_VALUE, -1
        }) {
      header("block size " + size, CORRUPT, VhdLayout.HEADER_BLOCK_SIZE_AT, word(size));
    }
    for (int entries :
        new int[] {0, 1, 4, Integer.MAX_VALUE, Integer.MIN_VALUE, -1, 1 << 30, (1 << 30) + 1}) {
      header(
          "BAT of " + Integer.toUnsignedString(entries) + " entries",
          CORRUPT,
          VhdLayout.HEADER_MAX_ENTRIES_AT,
          word(entries));
    }
    for (long offset : WRONG_OFFSETS) {
      header("BAT at " + offset, CORRUPT, VhdLayout.HEADER_TABLE_OFFSET_AT, twoWords(offset));
    }
    header("BAT on the header", CORRUPT, VhdLayout.HEADER_TABLE_OFFSET_AT, twoWords(512));
    header("BAT on its second half", CORRUPT, VhdLayout.HEADER_TABLE_OFFSET_AT, twoWords(1024));
    for (int version : new int[] {0, 0x00010001, 0x00060000, -1}) {
      header("version " + version, CORRUPT, VhdLayout.HEADER_VERSION_AT, word(version));
    }
    header("a next structure", WARNED, VhdLayout.HEADER_DATA_OFFSET_AT, twoWords(512));
    header("a reserved field", WARNED, VhdLayout.HEADER_RESERVED_AT, word(5));
    header("a reserved tail", WARNED, 1000, word(5));
    header("a parent in a dynamic image", WARNED, VhdLayout.HEADER_PARENT_UUID_AT, twoWords(5));
    for (int entries : new int[] {-1, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
      add(
          "sparse BAT of " + Integer.toUnsignedString(entries) + " entries",
          CORRUPT,
          dynamic,
          image -> {
            image.resize(20L << 30);
            Images.putInt(image, 512 + VhdLayout.HEADER_MAX_ENTRIES_AT, entries);
            Images.putLong(image, 512 + VhdLayout.HEADER_TABLE_OFFSET_AT, 2L << 30);
            Images.sealHeader(image);
          });
    }
    add(
        "sparse BAT of a full disk, all zero",
        CORRUPT,
        dynamic,
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

  private void header(String name, BadImage.Outcome outcome, int at, byte[] value)
      throws IOException {
    add(
        "header with " + name,
        outcome,
        dynamic,
        image -> {
          Images.write(image, Images.headerAt(image) + at, ByteBuffer.wrap(value));
          Images.sealHeader(image);
        });
  }

  private void tables() throws IOException {
    int first = Images.entry(dynamic, 0);
    int second = Images.entry(dynamic, 1);
    int beyond = (int) (dynamic.sizeBytes() / 512);
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
    add(
        "all entries the same",
        CORRUPT,
        dynamic,
        image -> {
          for (int block = 0; block < 5; block++) {
            Images.putInt(image, Images.entryAt(image, block), first);
          }
        });
    add(
        "entries beyond a disk that was cut",
        WARNED,
        dynamic,
        image -> {
          for (long footer : new long[] {0, Images.endFooterAt(image)}) {
            Images.putLong(image, footer + VhdLayout.FOOTER_CURRENT_SIZE_AT, 4L << 20);
            Images.putInt(image, footer + VhdLayout.FOOTER_GEOMETRY_AT, 0);
            Images.sealFooter(image, footer);
          }
        });
  }

  private void entry(int block, int sector) throws IOException {
    add(
        "block " + block + " at sector " + Integer.toUnsignedString(sector) + " of " + all.size(),
        CORRUPT,
        dynamic,
        image -> Images.putInt(image, Images.entryAt(image, block), sector));
  }

  private void batmaps() throws IOException {
    for (int block : new int[] {1, 3}) {
      add(
          "batmap that claims block " + block,
          WARNED,
          dynamic,
          ParentResolver.none(),
          false,
          image -> Images.claimFull(image, block));
      add(
          "batmap that claims block " + block + " of a child",
          WARNED,
          child,
          Images.among(dynamic),
          false,
          image -> Images.claimFull(image, block));
    }
    for (int block : new int[] {5, 100, 4095}) {
      add(
          "batmap that claims block " + block + " beyond the disk",
          WARNED,
          dynamic,
          image -> Images.claimFull(image, block));
    }
    for (int checksum : new int[] {0, 1, 0x12345678}) {
      add(
          "batmap checksum " + checksum,
          WARNED,
          dynamic,
          image ->
              Images.putInt(
                  image, Images.batmapAt(image) + VhdLayout.BATMAP_CHECKSUM_AT, checksum));
    }
    for (int sectors : new int[] {0, 66, 1 << 22, 1 << 23, Integer.MIN_VALUE, -1}) {
      add(
          "batmap of " + sectors + " sectors",
          WARNED,
          dynamic,
          image ->
              Images.putInt(image, Images.batmapAt(image) + VhdLayout.BATMAP_SECTORS_AT, sectors));
    }
    add(
        "batmap of 65 sectors, on the first block",
        CORRUPT,
        dynamic,
        image -> Images.putInt(image, Images.batmapAt(image) + VhdLayout.BATMAP_SECTORS_AT, 65));
    add(
        "sparse batmap of 2 GiB",
        WARNED,
        dynamic,
        image -> {
          Images.putInt(image, Images.batmapAt(image) + VhdLayout.BATMAP_SECTORS_AT, 1 << 22);
          image.resize(8L << 30);
        });
    for (long offset : WRONG_OFFSETS) {
      add(
          "batmap at " + offset,
          WARNED,
          dynamic,
          image ->
              Images.putLong(image, Images.batmapAt(image) + VhdLayout.BATMAP_OFFSET_AT, offset));
    }
    add(
        "batmap on the first block",
        CORRUPT,
        dynamic,
        image ->
            Images.putLong(
                image,
                Images.batmapAt(image) + VhdLayout.BATMAP_OFFSET_AT,
                512L * Images.entry(image, 0)));
    for (int version : new int[] {0, 0x00010003, -1}) {
      add(
          "batmap version " + version,
          WARNED,
          dynamic,
          image ->
              Images.putInt(image, Images.batmapAt(image) + VhdLayout.BATMAP_VERSION_AT, version));
    }
    add("no batmap", WARNED, dynamic, image -> Images.flip(image, Images.batmapAt(image)));
    for (int sector : new int[] {10, 500, 4095}) {
      add(
          "data in sector " + sector + " that is not present",
          WARNED,
          dynamic,
          image -> Images.putByte(image, 512L * (Images.entry(image, 3) + 1 + sector) + 77, 9));
    }
  }

  private void locators() throws IOException {
    long entries = 512 + VhdLayout.HEADER_LOCATORS_AT;
    for (int index = 0; index < 3; index++) {
      long at = entries + (long) index * VhdLayout.LOCATOR_BYTES;
      for (int length : new int[] {-1, Integer.MIN_VALUE, Integer.MAX_VALUE, 8193, 1 << 20}) {
        locator(
            "locator " + index + " of length " + length,
            CORRUPT,
            at + VhdLayout.LOCATOR_LENGTH_AT,
            word(length));
      }
      for (long offset : new long[] {-1, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 50}) {
        locator(
            "locator " + index + " at " + offset,
            CORRUPT,
            at + VhdLayout.LOCATOR_OFFSET_AT,
            twoWords(offset));
      }
      locator("locator " + index + " of no platform that is known", WARNED, at, word(0x41424344));
      locator(
          "locator " + index + " without space", WARNED, at + VhdLayout.LOCATOR_SPACE_AT, word(0));
    }
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
              + all.size();
      add("locator path " + shown, WARNED, child, image -> path(image, 0, utf8));
      add(
          "locator path " + shown + ", nothing to resolve with",
          REFUSED,
          child,
          ParentResolver.none(),
          true,
          image -> path(image, 0, utf8));
      if (path.length() < 250) {
        add("parent's name " + shown, WARNED, child, image -> name(image, path));
      }
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
    add(
        name,
        outcome,
        child,
        image -> {
          Images.write(image, at, ByteBuffer.wrap(value));
          Images.sealHeader(image);
        });
  }

  private void truncated() throws IOException {
    int last = Images.entry(dynamic, 3);
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
      cut(dynamic.sizeBytes() - distance, WARNED);
    }
    for (long more : new long[] {1, 100, 510, 511, 512, 4096}) {
      cut(dynamic.sizeBytes() + more, WARNED);
    }
    for (long size : new long[] {510, 511, 513, 1023, 1535, 8191}) {
      cut(size, CORRUPT);
    }
  }

  private void cut(long size, BadImage.Outcome outcome) throws IOException {
    add("image cut to " + size + " bytes", outcome, dynamic, image -> image.resize(size));
  }

  private void fixedImages() throws IOException {
    for (int at = 0; at < VhdLayout.FOOTER_RESERVED_AT; at += 9) {
      int byteAt = at;
      add(
          "byte " + at + " of a fixed image's footer",
          CORRUPT,
          fixed,
          image -> Images.flip(image, Images.endFooterAt(image) + byteAt));
    }
    for (long size : new long[] {0, 511, (1 << 20) + 512, 1L << 40, -512}) {
      fixed("a disk of " + size, CORRUPT, VhdLayout.FOOTER_CURRENT_SIZE_AT, twoWords(size));
    }
    fixed("a header", WARNED, VhdLayout.FOOTER_DATA_OFFSET_AT, twoWords(512));
    fixed("a geometry too large", WARNED, VhdLayout.FOOTER_GEOMETRY_AT, word(-1));
    fixed("a reserved byte", WARNED, 200, new byte[] {1});
    fixed("a type that needs a header", CORRUPT, VhdLayout.FOOTER_TYPE_AT, word(3));
    for (long size : new long[] {0, 511, 512, 4096, 1 << 20, (1 << 20) + 100, (1 << 20) + 510}) {
      add("fixed image cut to " + size, CORRUPT, fixed, image -> image.resize(size));
    }
  }

  private void interruptedGrowth() throws IOException {
    for (int more : new int[] {1, 100, 510, 511, 512, 1024, 4096, 5 << 20}) {
      add(
          "fixed image longer by " + more,
          WARNED,
          fixed,
          image -> image.resize(FIXED_BYTES + 512 + more));
    }
    grown("remnants in the last sector", WARNED, FIXED_BYTES + 4096, new byte[] {7});
    grown("something behind the footer", CORRUPT, FIXED_BYTES + 1024, new byte[] {7});
    grown("its footer damaged", CORRUPT, FIXED_BYTES + 70, new byte[] {7});
    for (long disk : new long[] {0, 511, FIXED_BYTES + 512, -512, 1L << 50}) {
      grownFooter("a disk of " + disk, CORRUPT, VhdLayout.FOOTER_CURRENT_SIZE_AT, twoWords(disk));
    }
    grownFooter(
        "a smaller disk over data", CORRUPT, VhdLayout.FOOTER_CURRENT_SIZE_AT, twoWords(512));
    grownFooter(
        "room behind the disk", WARNED, VhdLayout.FOOTER_CURRENT_SIZE_AT, twoWords(512L << 10));
    grownFooter("another type", CORRUPT, VhdLayout.FOOTER_TYPE_AT, word(3));
    grownFooter("a reserved byte", WARNED, 200, new byte[] {1});
    add(
        "fixed image with data like a footer, its own damaged",
        CORRUPT,
        fixed,
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
    add(
        "fixed image grown without its footer, with " + name,
        outcome,
        fixed,
        image -> {
          image.resize(FIXED_BYTES + 512 + 4096);
          Images.write(image, at, ByteBuffer.wrap(value));
        });
  }

  private void grownFooter(String name, BadImage.Outcome outcome, int at, byte[] value)
      throws IOException {
    add(
        "fixed image grown without its footer, which has " + name,
        outcome,
        fixed,
        image -> {
          Images.write(image, FIXED_BYTES + at, ByteBuffer.wrap(value));
          Images.sealFooter(image, FIXED_BYTES);
          image.resize(FIXED_BYTES + 512 + 4096);
        });
  }

  private void fixed(String name, BadImage.Outcome outcome, int at, byte[] value)
      throws IOException {
    add(
        "fixed image with " + name,
        outcome,
        fixed,
        image -> {
          long footer = Images.endFooterAt(image);
          Images.write(image, footer + at, ByteBuffer.wrap(value));
          Images.sealFooter(image, footer);
        });
  }

  private void chains() throws IOException {
    chain("parent that is missing", child, Images.among());
    chain("parent of nobody", child, ParentResolver.none());
    chain("parent with another UUID", child, (link, at) -> sibling.reopen(false));
    MemoryContainer self = Images.copy(child);
    parentOf(self, Images.CHILD);
    chain("image that is its own parent", self, (link, at) -> self.reopen(false));
    MemoryContainer two = Images.copy(child);
    MemoryContainer twoBack = Images.copy(sibling);
    parentOf(two, Images.SIBLING);
    parentOf(twoBack, Images.CHILD);
    chain("cycle of two", two, Images.among(two, twoBack));
    MemoryContainer third = Images.child(dynamic, Images.THIRD, "third.vhd");
    MemoryContainer three = Images.copy(child);
    MemoryContainer threeBack = Images.copy(sibling);
    parentOf(three, Images.THIRD);
    parentOf(third, Images.SIBLING);
    parentOf(threeBack, Images.CHILD);
    chain("cycle of three", three, Images.among(three, third, threeBack));
    MemoryContainer larger = Images.copy(dynamic);
    for (long footer : new long[] {0, Images.endFooterAt(larger)}) {
      Images.putLong(larger, footer + VhdLayout.FOOTER_CURRENT_SIZE_AT, 10L << 20);
      Images.sealFooter(larger, footer);
    }
    chain("parent that is larger", child, Images.among(larger));
    MemoryContainer changed = Images.copy(dynamic);
    for (long footer : new long[] {0, Images.endFooterAt(changed)}) {
      int timestamp = Images.read(changed, VhdLayout.FOOTER_TIMESTAMP_AT, 4).getInt();
      Images.putInt(
          changed, footer + VhdLayout.FOOTER_TIMESTAMP_AT, footer == 0 ? timestamp + 1 : timestamp);
      Images.sealFooter(changed, footer);
    }
    chain("parent that was changed", child, Images.among(changed));
    MemoryContainer raw = Images.copy(child);
    Images.putLong(raw, 512 + VhdLayout.HEADER_PARENT_UUID_AT, 0);
    Images.putLong(raw, 512 + VhdLayout.HEADER_PARENT_UUID_AT + 8, 0);
    Images.sealHeader(raw);
    chain("parent that is a raw disk", raw, Images.among(dynamic));
    add(
        "parent that is corrupt",
        CORRUPT,
        child,
        (link, at) -> Images.copy(dynamic, 4096),
        true,
        image -> {});
    add(
        "parent that is empty",
        CORRUPT,
        child,
        (link, at) -> MemoryContainer.create("empty"),
        true,
        image -> {});
  }

  private void chain(String name, MemoryContainer image, ParentResolver parents)
      throws IOException {
    add(name, REFUSED, image, parents, true, copy -> {});
  }

  private static void parentOf(MemoryContainer image, java.util.UUID parent) throws IOException {
    Images.putLong(image, 512 + VhdLayout.HEADER_PARENT_UUID_AT, parent.getMostSignificantBits());
    Images.putLong(
        image, 512 + VhdLayout.HEADER_PARENT_UUID_AT + 8, parent.getLeastSignificantBits());
    Images.putInt(image, 512 + VhdLayout.HEADER_PARENT_TIMESTAMP_AT, -1);
    Images.sealHeader(image);
  }

  private static byte[] word(int value) {
    return ByteBuffer.allocate(4).putInt(value).array();
  }

  private static byte[] twoWords(long value) {
    return ByteBuffer.allocate(8).putLong(value).array();
  }
}
