// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import io.strata.block.sim.MemoryContainer;
import io.strata.vhd.ParentResolver;
import io.strata.vhd.VhdLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/// A fuzzer's bytes as an image: everything but the blocks' data, laid over a valid image, with
/// checksums that are made right where the input asks for it, so that damage gets past them.
///
/// | bytes | what |
/// |---|---|
/// | 1 | which valid image is below |
/// | 1 | checksums that stay as they are: the bits below |
/// | 4 | added to the image's size |
/// | 512 | the footer at the end |
/// | 512 | the bitmap of the first block that is there |
/// | up to 8192 | the image's begin: copy of the footer, header, BAT, batmap, locators |
final class FuzzedImage {
  static final int HEAD_BYTES = 8192;
  static final int MOST_BYTES = 6 + 2 * VhdLayout.SECTOR_BYTES + HEAD_BYTES;
  private static final int MOST_GROWTH_BYTES = 1 << 20;

  private static final int LEAVE_FOOTERS = 1;
  private static final int LEAVE_HEADER = 2;
  private static final int LEAVE_BATMAP = 4;
  private static final int LEAVE_ALL = LEAVE_FOOTERS | LEAVE_HEADER | LEAVE_BATMAP;

  /// The footer at the end is that at the begin.
  private static final int SAME_FOOTERS = 8;

  private final List<MemoryContainer> valid;
  private final List<MemoryContainer> overlays;
  private final List<Long> bitmaps;
  private final ParentResolver parents;

  FuzzedImage() throws IOException {
    MemoryContainer parent = Images.dynamic();
    valid = List.of(parent, Images.child(parent, Images.CHILD, "child.vhd"), Images.fixed());
    overlays = valid.stream().map(MemoryContainer::overlay).toList();
    bitmaps = List.of(bitmapAt(valid.get(0)), bitmapAt(valid.get(1)), 0L);
    parents = Images.among(parent);
  }

  private static long bitmapAt(MemoryContainer image) throws IOException {
    int block = 0;
    while (Images.entry(image, block) == VhdLayout.UNALLOCATED) {
      block++;
    }
    return (long) Images.entry(image, block) * VhdLayout.SECTOR_BYTES;
  }

  ParentResolver parents() {
    return parents;
  }

  /// The image; valid until the next call.
  MemoryContainer decode(byte[] bytes) throws IOException {
    ByteBuffer input = ByteBuffer.wrap(bytes);
    int kind = input.hasRemaining() ? Math.floorMod(input.get(), valid.size()) : 0;
    int flags = input.hasRemaining() ? input.get() : 0;
    MemoryContainer image = overlays.get(kind);
    image.reset();
    long growth = input.remaining() >= Integer.BYTES ? input.getInt() : 0;
    image.resize(Math.max(0, image.sizeBytes() + Math.min(growth, MOST_GROWTH_BYTES)));
    ByteBuffer end = take(input, VhdLayout.FOOTER_BYTES);
    ByteBuffer bitmap = take(input, VhdLayout.SECTOR_BYTES);
    ByteBuffer head = take(input, HEAD_BYTES);
    if (kind < 2) {
      overlay(image, bitmaps.get(kind), bitmap);
    }
    overlay(image, 0, head);
    long endAt = image.sizeBytes() - VhdLayout.FOOTER_BYTES;
    if (endAt >= 0) {
      overlay(image, endAt, (flags & SAME_FOOTERS) == 0 ? end : head(image));
    }
    seal(image, flags, endAt);
    return image;
  }

  private static ByteBuffer take(ByteBuffer input, int most) {
    int length = Math.min(input.remaining(), most);
    ByteBuffer taken = input.slice(input.position(), length);
    input.position(input.position() + length);
    return taken;
  }

  private static ByteBuffer head(MemoryContainer image) throws IOException {
    return Images.read(image, 0, VhdLayout.FOOTER_BYTES);
  }

  private static void overlay(MemoryContainer image, long at, ByteBuffer bytes) throws IOException {
    if (at < image.sizeBytes()) {
      int length = (int) Math.min(bytes.remaining(), image.sizeBytes() - at);
      Images.write(image, at, bytes.slice(bytes.position(), length));
    }
  }

  private static void seal(MemoryContainer image, int flags, long endAt) throws IOException {
    if (image.sizeBytes() < HEAD_BYTES) {
      return;
    }
    if ((flags & LEAVE_HEADER) == 0) {
      Images.sealHeaderAt(image, VhdLayout.FOOTER_BYTES);
    }
    if ((flags & LEAVE_FOOTERS) == 0) {
      Images.sealFooter(image, endAt);
      if (isFooter(image, 0)) {
        Images.sealFooter(image, 0);
      }
    }
    if ((flags & LEAVE_BATMAP) == 0) {
      sealBatmap(image);
    }
  }

  private static boolean isFooter(MemoryContainer image, long at) throws IOException {
    return Images.read(image, at, Long.BYTES).getLong() == VhdLayout.FOOTER_COOKIE;
  }

  private static void sealBatmap(MemoryContainer image) throws IOException {
    long tableAt =
        Images.read(image, VhdLayout.FOOTER_BYTES + VhdLayout.HEADER_TABLE_OFFSET_AT, 8).getLong();
    long at = tableAt + VhdLayout.SECTOR_BYTES;
    if (tableAt < 0 || tableAt > HEAD_BYTES - 2 * VhdLayout.SECTOR_BYTES) {
      return;
    }
    long mapAt = Images.read(image, at + VhdLayout.BATMAP_OFFSET_AT, 8).getLong();
    int sectors = Images.read(image, at + VhdLayout.BATMAP_SECTORS_AT, 4).getInt();
    if (mapAt >= 0 && mapAt <= HEAD_BYTES - VhdLayout.SECTOR_BYTES && sectors == 1) {
      Images.sealBatmap(image, at, mapAt);
    }
  }

  /// What [#decode] makes this image of, as nearly as it can.
  byte[] encode(MemoryContainer image) throws IOException {
    int kind = nearest(image.sizeBytes());
    ByteBuffer bytes = ByteBuffer.allocate(MOST_BYTES);
    bytes.put((byte) kind).put((byte) LEAVE_ALL);
    bytes.putInt((int) (image.sizeBytes() - valid.get(kind).sizeBytes()));
    bytes.put(piece(image, image.sizeBytes() - VhdLayout.FOOTER_BYTES, VhdLayout.FOOTER_BYTES));
    bytes.put(piece(image, bitmaps.get(kind), VhdLayout.SECTOR_BYTES));
    bytes.put(piece(image, 0, HEAD_BYTES));
    return bytes.array();
  }

  private int nearest(long sizeBytes) {
    int best = 0;
    for (int i = 1; i < valid.size(); i++) {
      long distance = Math.abs(valid.get(i).sizeBytes() - sizeBytes);
      if (distance < Math.abs(valid.get(best).sizeBytes() - sizeBytes)) {
        best = i;
      }
    }
    return best;
  }

  private static ByteBuffer piece(MemoryContainer image, long at, int length) throws IOException {
    ByteBuffer piece = ByteBuffer.allocate(length);
    int there = Math.clamp(image.sizeBytes() - Math.max(at, 0), 0, length);
    if (there > 0) {
      image.read(Math.max(at, 0), piece.limit(there));
    }
    return piece.clear();
  }
}
