// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;

/// Where some platform would look for the parent: one of eight entries of the dynamic header. A
/// hint for other tools; parents are never opened by it.
///
/// Source: VHD specification 1.0, "Parent Locator Entry". `data_space` is written in bytes; readers
/// accept sectors too.
///
/// @param platformCode 0 where the entry is unused
/// @param dataSpace space set aside, in bytes (or in sectors, where below 512)
/// @param dataLengthBytes length of the path, in bytes
/// @param dataOffsetBytes where the path is
record ParentLocator(int platformCode, int dataSpace, int dataLengthBytes, long dataOffsetBytes) {
  static final int MACX = 0x4d616358;
  static final int W2KU = 0x57326b75;
  static final int W2RU = 0x57327275;
  static final ParentLocator NONE = new ParentLocator(0, 0, 0, 0);

  static ParentLocator parse(ByteBuffer buffer, int start) {
    return new ParentLocator(
        buffer.getInt(start + VhdLayout.LOCATOR_CODE_AT),
        buffer.getInt(start + VhdLayout.LOCATOR_SPACE_AT),
        buffer.getInt(start + VhdLayout.LOCATOR_LENGTH_AT),
        buffer.getLong(start + VhdLayout.LOCATOR_OFFSET_AT));
  }

  void writeTo(ByteBuffer buffer) {
    buffer
        .putInt(platformCode)
        .putInt(dataSpace)
        .putInt(dataLengthBytes)
        .putInt(0)
        .putLong(dataOffsetBytes);
  }

  boolean used() {
    return platformCode != 0;
  }

  /// Space set aside, in bytes.
  long spaceBytes() {
    long space = Integer.toUnsignedLong(dataSpace);
    return space < VhdLayout.SECTOR_BYTES ? space * VhdLayout.SECTOR_BYTES : space;
  }

  Charset charset() {
    return platformCode == MACX ? StandardCharsets.UTF_8 : StandardCharsets.UTF_16LE;
  }

  /// The platform code as its four letters.
  String platform() {
    StringBuilder letters = new StringBuilder(4);
    for (int shift = 24; shift >= 0; shift -= 8) {
      int c = platformCode >>> shift & 0xFF;
      letters.append(c >= ' ' && c < 0x7f ? (char) c : '?');
    }
    return letters.toString();
  }

  /// The path as this platform writes it, for a parent in the same folder.
  static byte[] pathBytes(int platformCode, String parentName) {
    return switch (platformCode) {
      case MACX -> ("file://./" + parentName).getBytes(StandardCharsets.UTF_8);
      default -> (".\\" + parentName).getBytes(StandardCharsets.UTF_16LE);
    };
  }
}
