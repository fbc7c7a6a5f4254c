// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.Container;
import io.strata.block.sim.MemoryContainer;
import io.strata.vhd.Checksums;
import io.strata.vhd.ParentResolver;
import io.strata.vhd.VhdChain;
import io.strata.vhd.VhdCreator;
import io.strata.vhd.VhdInfo;
import io.strata.vhd.VhdLayout;
import io.strata.vhd.VhdRejectedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.UUID;

/// Valid images in memory, and the means to damage them.
final class Images {
  static final int MIB = 1 << 20;
  static final long DISK_BYTES = 9L * MIB;
  static final int BLOCK_SECTORS = 4097;
  static final UUID BASE = new UUID(1, 1);
  static final UUID CHILD = new UUID(2, 2);
  static final UUID SIBLING = new UUID(3, 3);
  static final UUID THIRD = new UUID(4, 4);

  private Images() {}

  /// A dynamic image with full, partial and absent blocks.
  static MemoryContainer dynamic() throws IOException {
    MemoryContainer image = MemoryContainer.create("base.vhd");
    VhdCreator.dynamic(image, BASE, DISK_BYTES);
    try (VhdChain chain = VhdChain.open(image.reopen(true), true, ParentResolver.none())) {
      chain.write(0, filled(3 * MIB, 1));
      chain.write(6L * MIB, filled(5000, 2));
    }
    return image;
  }

  static MemoryContainer fixed() throws IOException {
    MemoryContainer image = MemoryContainer.create("fixed.vhd");
    VhdCreator.fixed(image, BASE, MIB);
    image.write(0, filled(4096, 3));
    return image;
  }

  /// A differencing image with some data of its own.
  static MemoryContainer child(MemoryContainer parent, UUID uuid, String name) throws IOException {
    MemoryContainer image = MemoryContainer.create(name);
    VhdCreator.differencing(image, uuid, parent, parent.location());
    try (VhdChain chain =
        VhdChain.open(image.reopen(true), true, (link, child) -> parent.reopen(false))) {
      chain.write(MIB, filled(100_000, 4));
      chain.write(4L * MIB, filled(2 * MIB, 5));
    }
    return image;
  }

  /// Finds parents by UUID among these images.
  static ParentResolver among(MemoryContainer... images) {
    return (link, child) -> {
      for (MemoryContainer image : images) {
        if (VhdInfo.read(image).uuid().equals(link.uuid())) {
          return image.reopen(false);
        }
      }
      throw new VhdRejectedException(child + " needs " + link.uuid() + ", which is not here");
    };
  }

  /// A copy to damage; the original must not change any more.
  static MemoryContainer copy(MemoryContainer image) throws IOException {
    return copy(image, image.sizeBytes());
  }

  static MemoryContainer copy(MemoryContainer image, long sizeBytes) throws IOException {
    MemoryContainer copy = image.overlay();
    copy.resize(sizeBytes);
    return copy;
  }

  static ByteBuffer filled(int length, int value) {
    byte[] bytes = new byte[length];
    java.util.Arrays.fill(bytes, (byte) value);
    return ByteBuffer.wrap(bytes);
  }

  static ByteBuffer read(Container image, long offset, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    image.read(offset, bytes);
    return bytes.flip();
  }

  static void write(Container image, long offset, ByteBuffer bytes) throws IOException {
    image.write(offset, bytes, Durability.WRITE_BACK);
  }

  static void putInt(Container image, long offset, int value) throws IOException {
    write(image, offset, ByteBuffer.allocate(4).putInt(value).flip());
  }

  static void putLong(MemoryContainer image, long offset, long value) throws IOException {
    write(image, offset, ByteBuffer.allocate(8).putLong(value).flip());
  }

  static void putByte(MemoryContainer image, long offset, int value) throws IOException {
    write(image, offset, ByteBuffer.allocate(1).put((byte) value).flip());
  }

  static void flip(MemoryContainer image, long offset) throws IOException {
    putByte(image, offset, ~read(image, offset, 1).get(0));
  }

  static long endFooterAt(MemoryContainer image) {
    return image.sizeBytes() - VhdLayout.FOOTER_BYTES;
  }

  /// Makes a footer's checksum right.
  static void sealFooter(MemoryContainer image, long at) throws IOException {
    ByteBuffer footer = read(image, at, VhdLayout.FOOTER_BYTES);
    putInt(
        image,
        at + VhdLayout.FOOTER_CHECKSUM_AT,
        Checksums.of(footer, 0, VhdLayout.FOOTER_BYTES, VhdLayout.FOOTER_CHECKSUM_AT));
  }

  static long headerAt(Container image) throws IOException {
    return read(image, VhdLayout.FOOTER_DATA_OFFSET_AT, 8).getLong();
  }

  /// Makes the header's checksum right.
  static void sealHeader(Container image) throws IOException {
    sealHeaderAt(image, headerAt(image));
  }

  static void sealHeaderAt(Container image, long at) throws IOException {
    ByteBuffer header = read(image, at, VhdLayout.HEADER_BYTES);
    putInt(
        image,
        at + VhdLayout.HEADER_CHECKSUM_AT,
        Checksums.of(header, 0, VhdLayout.HEADER_BYTES, VhdLayout.HEADER_CHECKSUM_AT));
  }

  static long tableAt(Container image) throws IOException {
    return read(image, headerAt(image) + VhdLayout.HEADER_TABLE_OFFSET_AT, 8).getLong();
  }

  static long entryAt(MemoryContainer image, int block) throws IOException {
    return tableAt(image) + (long) block * Integer.BYTES;
  }

  static int entry(MemoryContainer image, int block) throws IOException {
    return read(image, entryAt(image, block), 4).getInt();
  }

  /// The batmap's header of an image whose BAT fits one sector.
  static long batmapAt(MemoryContainer image) throws IOException {
    return tableAt(image) + VhdLayout.SECTOR_BYTES;
  }

  /// Sets a batmap bit, with the right checksum.
  static void claimFull(MemoryContainer image, int block) throws IOException {
    long at = batmapAt(image);
    long mapAt = read(image, at + VhdLayout.BATMAP_OFFSET_AT, 8).getLong();
    int length = read(image, at + VhdLayout.BATMAP_SECTORS_AT, 4).getInt() * VhdLayout.SECTOR_BYTES;
    ByteBuffer map = read(image, mapAt, length);
    map.put(block >>> 3, (byte) (map.get(block >>> 3) | 0x80 >>> (block & 7)));
    write(image, mapAt, map.duplicate());
    putInt(image, at + VhdLayout.BATMAP_CHECKSUM_AT, Checksums.of(map, 0, length, -1));
  }

  /// Makes the checksum of a batmap of one sector right.
  static void sealBatmap(MemoryContainer image, long headerAt, long mapAt) throws IOException {
    ByteBuffer map = read(image, mapAt, VhdLayout.SECTOR_BYTES);
    int checksum = Checksums.of(map, 0, VhdLayout.SECTOR_BYTES, -1);
    putInt(image, headerAt + VhdLayout.BATMAP_CHECKSUM_AT, checksum);
  }

  /// The whole disk.
  static byte[] content(MemoryContainer image, ParentResolver parents) throws IOException {
    try (VhdChain chain = VhdChain.open(image.reopen(false), false, parents)) {
      ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(chain.sizeBytes(), 16 * MIB));
      chain.read(0, bytes);
      return bytes.array();
    }
  }

  static byte[] randomBytes(Random random, int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  static byte[] word(int value) {
    return ByteBuffer.allocate(4).putInt(value).array();
  }

  static byte[] twoWords(long value) {
    return ByteBuffer.allocate(8).putLong(value).array();
  }
}
