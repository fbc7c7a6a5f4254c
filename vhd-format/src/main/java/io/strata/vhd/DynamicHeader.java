// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static io.strata.vhd.VhdLayout.HEADER_BYTES;
import static io.strata.vhd.VhdLayout.HEADER_CHECKSUM_AT;
import static io.strata.vhd.VhdLayout.HEADER_COOKIE;
import static io.strata.vhd.VhdLayout.HEADER_LOCATORS;
import static io.strata.vhd.VhdLayout.HEADER_LOCATORS_AT;
import static io.strata.vhd.VhdLayout.HEADER_PARENT_NAME_AT;
import static io.strata.vhd.VhdLayout.HEADER_PARENT_NAME_BYTES;
import static io.strata.vhd.VhdLayout.LOCATOR_BYTES;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;

/// The header of dynamic and differencing images: 1024 bytes.
///
/// Source: VHD specification 1.0, "Dynamic Disk Header Format".
///
/// @param tableOffsetBytes where the BAT is
/// @param maxTableEntries entries of the BAT
/// @param blockBytes size of a block's data, a power of two
/// @param parentUuid footer UUID of the parent; zero in images without one, and for raw parents
/// @param parentTimestamp the parent's timestamp when this image was made
/// @param parentName the parent's base name
/// @param locators the eight entries
record DynamicHeader(
    long tableOffsetBytes,
    int maxTableEntries,
    int blockBytes,
    UUID parentUuid,
    int parentTimestamp,
    String parentName,
    List<ParentLocator> locators) {
  static final UUID NO_PARENT = new UUID(0, 0);

  DynamicHeader {
    locators = List.copyOf(locators);
  }

  static DynamicHeader parse(ByteBuffer buffer, int start, String location, long offsetBytes)
      throws VhdCorruptException {
    if (buffer.getLong(start) != HEADER_COOKIE) {
      throw new VhdCorruptException(
          location,
          offsetBytes,
          "the dynamic header's cookie 'cxsparse'",
          "0x%016x".formatted(buffer.getLong(start)));
    }
    int stored = buffer.getInt(start + HEADER_CHECKSUM_AT);
    int computed = Checksums.of(buffer, start, HEADER_BYTES, HEADER_CHECKSUM_AT);
    if (stored != computed) {
      throw new VhdCorruptException(
          location,
          offsetBytes + HEADER_CHECKSUM_AT,
          "header checksum 0x%08x".formatted(computed),
          "0x%08x".formatted(stored));
    }
    int version = buffer.getInt(start + VhdLayout.HEADER_VERSION_AT);
    if (version != VhdLayout.FORMAT_VERSION) {
      throw new VhdCorruptException(
          location,
          offsetBytes + VhdLayout.HEADER_VERSION_AT,
          "header version 0x00010000",
          "0x%08x".formatted(version));
    }
    byte[] name = new byte[HEADER_PARENT_NAME_BYTES];
    buffer.get(start + HEADER_PARENT_NAME_AT, name);
    String parentName = new String(name, StandardCharsets.UTF_16BE);
    int end = parentName.indexOf('\0');
    List<ParentLocator> locators = new ArrayList<>(HEADER_LOCATORS);
    for (int i = 0; i < HEADER_LOCATORS; i++) {
      locators.add(ParentLocator.parse(buffer, start + HEADER_LOCATORS_AT + i * LOCATOR_BYTES));
    }
    return new DynamicHeader(
        buffer.getLong(start + VhdLayout.HEADER_TABLE_OFFSET_AT),
        buffer.getInt(start + VhdLayout.HEADER_MAX_ENTRIES_AT),
        buffer.getInt(start + VhdLayout.HEADER_BLOCK_SIZE_AT),
        new UUID(
            buffer.getLong(start + VhdLayout.HEADER_PARENT_UUID_AT),
            buffer.getLong(start + VhdLayout.HEADER_PARENT_UUID_AT + Long.BYTES)),
        buffer.getInt(start + VhdLayout.HEADER_PARENT_TIMESTAMP_AT),
        end < 0 ? parentName : parentName.substring(0, end),
        locators);
  }

  /// Writes the 1024 bytes at the buffer's position, with their checksum.
  void writeTo(ByteBuffer buffer) {
    int start = buffer.position();
    buffer
        .putLong(HEADER_COOKIE)
        .putLong(VhdLayout.NO_DATA_OFFSET)
        .putLong(tableOffsetBytes)
        .putInt(VhdLayout.FORMAT_VERSION)
        .putInt(maxTableEntries)
        .putInt(blockBytes)
        .putInt(0)
        .putLong(parentUuid.getMostSignificantBits())
        .putLong(parentUuid.getLeastSignificantBits())
        .putInt(parentTimestamp)
        .putInt(0)
        .put(Arrays.copyOf(nameBytes(parentName), HEADER_PARENT_NAME_BYTES));
    locators.forEach(locator -> locator.writeTo(buffer));
    while (buffer.position() < start + HEADER_BYTES) {
      buffer.put((byte) 0);
    }
    buffer.putInt(
        start + HEADER_CHECKSUM_AT, Checksums.of(buffer, start, HEADER_BYTES, HEADER_CHECKSUM_AT));
  }

  ByteBuffer toBytes() {
    ByteBuffer bytes = ByteBuffer.allocate(HEADER_BYTES);
    writeTo(bytes);
    return bytes.flip();
  }

  /// Points a header to another BAT. All other bytes stay as some program wrote them: also those
  /// that are not parsed, which the checksum covers.
  ///
  /// @param header its 1024 bytes
  static void moveTable(ByteBuffer header, long tableOffsetBytes, int maxTableEntries) {
    header.putLong(VhdLayout.HEADER_TABLE_OFFSET_AT, tableOffsetBytes);
    header.putInt(VhdLayout.HEADER_MAX_ENTRIES_AT, maxTableEntries);
    header.putInt(HEADER_CHECKSUM_AT, Checksums.of(header, 0, HEADER_BYTES, HEADER_CHECKSUM_AT));
  }

  private static byte[] nameBytes(String name) {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_16BE);
    if (bytes.length >= HEADER_PARENT_NAME_BYTES) {
      throw new IllegalArgumentException("a parent's name has at most 255 characters: " + name);
    }
    return bytes;
  }
}
