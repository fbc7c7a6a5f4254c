// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import static io.strata.vhd.VhdLayout.SECTOR_BYTES;

import io.strata.vhd.BlockGeometry;
import io.strata.vhd.Checksums;
import io.strata.vhd.VhdLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/// A dynamic header as its bytes are.
///
/// @param offsetBytes where in the image
/// @param bytes 1024 bytes
record RawHeader(long offsetBytes, ByteBuffer bytes) {

  /// An entry of the locators as it stands there.
  record Locator(
      int index, int platformCode, long space, long lengthBytes, int reserved, long offsetBytes) {
    private static final int MACX = 0x4d616358;
    private static final int W2KU = 0x57326b75;
    private static final int W2RU = 0x57327275;

    boolean used() {
      return platformCode != 0;
    }

    boolean utf8() {
      return platformCode == MACX;
    }

    boolean known() {
      return platformCode == MACX || platformCode == W2KU || platformCode == W2RU;
    }

    boolean blank() {
      return platformCode == 0
          && space == 0
          && lengthBytes == 0
          && reserved == 0
          && offsetBytes == 0;
    }

    /// Space set aside; some programs write it in sectors.
    long spaceBytes() {
      return space < SECTOR_BYTES ? space * SECTOR_BYTES : space;
    }

    /// The bytes that belong to it: its path, and the space set aside for one.
    long takenBytes() {
      return Math.max(spaceBytes(), lengthBytes);
    }
  }

  long tableOffsetBytes() {
    return bytes.getLong(VhdLayout.HEADER_TABLE_OFFSET_AT);
  }

  long entries() {
    return Integer.toUnsignedLong(bytes.getInt(VhdLayout.HEADER_MAX_ENTRIES_AT));
  }

  long blockBytes() {
    return Integer.toUnsignedLong(bytes.getInt(VhdLayout.HEADER_BLOCK_SIZE_AT));
  }

  /// Layout of the blocks, once the block size is known to be one.
  BlockGeometry geometry() {
    return new BlockGeometry((int) blockBytes());
  }

  /// The BAT's bytes, padded to a sector.
  long tableBytes() {
    return VhdLayout.roundUp(entries() * Integer.BYTES, SECTOR_BYTES);
  }

  UUID parentUuid() {
    return new UUID(
        bytes.getLong(VhdLayout.HEADER_PARENT_UUID_AT),
        bytes.getLong(VhdLayout.HEADER_PARENT_UUID_AT + Long.BYTES));
  }

  int parentTimestamp() {
    return bytes.getInt(VhdLayout.HEADER_PARENT_TIMESTAMP_AT);
  }

  /// The name's field, as long as it is.
  byte[] parentNameBytes() {
    byte[] name = new byte[VhdLayout.HEADER_PARENT_NAME_BYTES];
    bytes.get(VhdLayout.HEADER_PARENT_NAME_AT, name);
    return name;
  }

  String parentName() {
    String text = new String(parentNameBytes(), StandardCharsets.UTF_16BE);
    int end = text.indexOf('\0');
    return end < 0 ? text : text.substring(0, end);
  }

  Locator locator(int index) {
    int at = VhdLayout.HEADER_LOCATORS_AT + index * VhdLayout.LOCATOR_BYTES;
    return new Locator(
        index,
        bytes.getInt(at + VhdLayout.LOCATOR_CODE_AT),
        Integer.toUnsignedLong(bytes.getInt(at + VhdLayout.LOCATOR_SPACE_AT)),
        Integer.toUnsignedLong(bytes.getInt(at + VhdLayout.LOCATOR_LENGTH_AT)),
        bytes.getInt(at + VhdLayout.LOCATOR_RESERVED_AT),
        bytes.getLong(at + VhdLayout.LOCATOR_OFFSET_AT));
  }

  static int checksum(ByteBuffer header) {
    return Checksums.of(header, 0, VhdLayout.HEADER_BYTES, VhdLayout.HEADER_CHECKSUM_AT);
  }
}
