// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static io.strata.vhd.VhdLayout.CREATOR_TAP;
import static io.strata.vhd.VhdLayout.CREATOR_TAP_VERSION;
import static io.strata.vhd.VhdLayout.FEATURES_RESERVED;
import static io.strata.vhd.VhdLayout.FOOTER_BYTES;
import static io.strata.vhd.VhdLayout.FOOTER_CHECKSUM_AT;
import static io.strata.vhd.VhdLayout.FOOTER_COOKIE;
import static io.strata.vhd.VhdLayout.FORMAT_VERSION;
import static io.strata.vhd.VhdLayout.NO_DATA_OFFSET;

import java.nio.ByteBuffer;
import java.util.UUID;

/// The footer of a VHD: 512 bytes at its end, and as a copy at offset 0 of dynamic and differencing
/// images.
///
/// Source: VHD specification 1.0, "Hard Disk Footer Format"; byte 85 is XenServer's hidden flag.
///
/// @param dataOffsetBytes where the dynamic header is; -1 in fixed images
/// @param timestamp seconds since 2000-01-01 UTC, unsigned
/// @param currentSizeBytes size a guest sees
/// @param hidden whether the image is only a base of others
record VhdFooter(
    int features,
    long dataOffsetBytes,
    int timestamp,
    int creatorApplication,
    int creatorVersion,
    int creatorOs,
    long originalSizeBytes,
    long currentSizeBytes,
    Geometry geometry,
    DiskType type,
    UUID uuid,
    int savedState,
    boolean hidden) {

  /// A footer for a new image of ours.
  static VhdFooter create(
      DiskType type, UUID uuid, long sizeBytes, long dataOffsetBytes, int timestamp) {
    return new VhdFooter(
        FEATURES_RESERVED,
        type == DiskType.FIXED ? NO_DATA_OFFSET : dataOffsetBytes,
        timestamp,
        CREATOR_TAP,
        CREATOR_TAP_VERSION,
        0,
        sizeBytes,
        sizeBytes,
        Geometry.ofSize(sizeBytes),
        type,
        uuid,
        0,
        false);
  }

  /// Reads the 512 bytes at `start`, whatever the buffer's position.
  ///
  /// @param location the image, for messages
  /// @param offsetBytes where the structure is in the image, for messages
  static VhdFooter parse(ByteBuffer buffer, int start, String location, long offsetBytes)
      throws VhdCorruptException {
    if (buffer.getLong(start) != FOOTER_COOKIE) {
      throw new VhdCorruptException(
          location,
          offsetBytes,
          "the footer's cookie 'conectix'",
          "0x%016x".formatted(buffer.getLong(start)));
    }
    int stored = buffer.getInt(start + FOOTER_CHECKSUM_AT);
    int computed = Checksums.of(buffer, start, FOOTER_BYTES, FOOTER_CHECKSUM_AT);
    if (stored != computed) {
      throw new VhdCorruptException(
          location,
          offsetBytes + FOOTER_CHECKSUM_AT,
          "footer checksum 0x%08x".formatted(computed),
          "0x%08x".formatted(stored));
    }
    int version = buffer.getInt(start + VhdLayout.FOOTER_VERSION_AT);
    if (version != FORMAT_VERSION) {
      throw new VhdCorruptException(
          location,
          offsetBytes + VhdLayout.FOOTER_VERSION_AT,
          "format version 0x00010000",
          "0x%08x".formatted(version));
    }
    int typeCode = buffer.getInt(start + VhdLayout.FOOTER_TYPE_AT);
    DiskType type =
        DiskType.ofCode(typeCode)
            .orElseThrow(() ->
                new VhdCorruptException(
                    location,
                    offsetBytes + VhdLayout.FOOTER_TYPE_AT,
                    "disk type 2, 3 or 4",
                    Integer.toString(typeCode)));
    return new VhdFooter(
        buffer.getInt(start + VhdLayout.FOOTER_FEATURES_AT),
        buffer.getLong(start + VhdLayout.FOOTER_DATA_OFFSET_AT),
        buffer.getInt(start + VhdLayout.FOOTER_TIMESTAMP_AT),
        buffer.getInt(start + VhdLayout.FOOTER_CREATOR_APPLICATION_AT),
        buffer.getInt(start + VhdLayout.FOOTER_CREATOR_VERSION_AT),
        buffer.getInt(start + VhdLayout.FOOTER_CREATOR_OS_AT),
        buffer.getLong(start + VhdLayout.FOOTER_ORIGINAL_SIZE_AT),
        buffer.getLong(start + VhdLayout.FOOTER_CURRENT_SIZE_AT),
        Geometry.ofPacked(buffer.getInt(start + VhdLayout.FOOTER_GEOMETRY_AT)),
        type,
        new UUID(
            buffer.getLong(start + VhdLayout.FOOTER_UUID_AT),
            buffer.getLong(start + VhdLayout.FOOTER_UUID_AT + Long.BYTES)),
        buffer.get(start + VhdLayout.FOOTER_SAVED_STATE_AT) & 0xFF,
        buffer.get(start + VhdLayout.FOOTER_HIDDEN_AT) != 0);
  }

  /// Writes the 512 bytes at the buffer's position, with their checksum.
  void writeTo(ByteBuffer buffer) {
    int start = buffer.position();
    buffer
        .putLong(FOOTER_COOKIE)
        .putInt(features)
        .putInt(FORMAT_VERSION)
        .putLong(dataOffsetBytes)
        .putInt(timestamp)
        .putInt(creatorApplication)
        .putInt(creatorVersion)
        .putInt(creatorOs)
        .putLong(originalSizeBytes)
        .putLong(currentSizeBytes)
        .putInt(geometry.packed())
        .putInt(type.code())
        .putInt(0)
        .putLong(uuid.getMostSignificantBits())
        .putLong(uuid.getLeastSignificantBits())
        .put((byte) savedState)
        .put((byte) (hidden ? 1 : 0));
    while (buffer.position() < start + FOOTER_BYTES) {
      buffer.put((byte) 0);
    }
    buffer.putInt(
        start + FOOTER_CHECKSUM_AT, Checksums.of(buffer, start, FOOTER_BYTES, FOOTER_CHECKSUM_AT));
  }

  ByteBuffer toBytes() {
    ByteBuffer bytes = ByteBuffer.allocate(FOOTER_BYTES);
    writeTo(bytes);
    return bytes.flip();
  }

  VhdFooter withHidden(boolean newHidden) {
    return new VhdFooter(
        features,
        dataOffsetBytes,
        timestamp,
        creatorApplication,
        creatorVersion,
        creatorOs,
        originalSizeBytes,
        currentSizeBytes,
        geometry,
        type,
        uuid,
        savedState,
        newHidden);
  }

  VhdFooter withTimestamp(int newTimestamp) {
    return new VhdFooter(
        features,
        dataOffsetBytes,
        newTimestamp,
        creatorApplication,
        creatorVersion,
        creatorOs,
        originalSizeBytes,
        currentSizeBytes,
        geometry,
        type,
        uuid,
        savedState,
        hidden);
  }

  VhdFooter withSize(long newSizeBytes) {
    return new VhdFooter(
        features,
        dataOffsetBytes,
        timestamp,
        creatorApplication,
        creatorVersion,
        creatorOs,
        originalSizeBytes,
        newSizeBytes,
        Geometry.ofSize(newSizeBytes),
        type,
        uuid,
        savedState,
        hidden);
  }

  VhdFooter withDataOffset(long newDataOffsetBytes) {
    return new VhdFooter(
        features,
        newDataOffsetBytes,
        timestamp,
        creatorApplication,
        creatorVersion,
        creatorOs,
        originalSizeBytes,
        currentSizeBytes,
        geometry,
        type,
        uuid,
        savedState,
        hidden);
  }

  VhdFooter withType(DiskType newType) {
    return new VhdFooter(
        features,
        dataOffsetBytes,
        timestamp,
        creatorApplication,
        creatorVersion,
        creatorOs,
        originalSizeBytes,
        currentSizeBytes,
        geometry,
        newType,
        uuid,
        savedState,
        hidden);
  }

  /// A timestamp later than this footer's, for an image whose content changes now.
  VhdFooter touched(long nowEpochSeconds) {
    int now = (int) (nowEpochSeconds - VhdLayout.EPOCH_2000_SECONDS);
    return withTimestamp(Integer.compareUnsigned(now, timestamp) > 0 ? now : timestamp + 1);
  }
}
