// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import static io.strata.vhd.VhdLayout.FOOTER_BYTES;
import static io.strata.vhd.VhdLayout.FOOTER_CHECKSUM_AT;
import static io.strata.vhd.VhdLayout.FOOTER_HIDDEN_AT;
import static io.strata.vhd.VhdLayout.FOOTER_RESERVED_AT;

import io.strata.vhd.Checksums;
import io.strata.vhd.DiskType;
import io.strata.vhd.Geometry;
import io.strata.vhd.VhdLayout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// A footer as its bytes are, valid or not.
///
/// @param place which of the two
/// @param offsetBytes where in the image
/// @param lengthBytes 512, or 511 in images of old programs
/// @param bytes 512 bytes; the last is zero in a footer of 511
record RawFooter(FooterPlace place, long offsetBytes, int lengthBytes, ByteBuffer bytes) {
  static final int FEATURES_KNOWN = 0x00000003;

  /// How much further ahead a timestamp may be, since clocks differ.
  static final int TIMESTAMP_SLACK_SECONDS = 1800;

  /// What makes a footer invalid.
  record Problem(int at, String expected, String found) {}

  /// A field by name, for comparisons.
  private record Field(String name, int at, int length) {}

  private static final List<Field> FIELDS =
      List.of(
          new Field("features", VhdLayout.FOOTER_FEATURES_AT, 4),
          new Field("data offset", VhdLayout.FOOTER_DATA_OFFSET_AT, 8),
          new Field("timestamp", VhdLayout.FOOTER_TIMESTAMP_AT, 4),
          new Field("creator", VhdLayout.FOOTER_CREATOR_APPLICATION_AT, 12),
          new Field("original size", VhdLayout.FOOTER_ORIGINAL_SIZE_AT, 8),
          new Field("current size", VhdLayout.FOOTER_CURRENT_SIZE_AT, 8),
          new Field("geometry", VhdLayout.FOOTER_GEOMETRY_AT, 4),
          new Field("type", VhdLayout.FOOTER_TYPE_AT, 4),
          new Field("UUID", VhdLayout.FOOTER_UUID_AT, 16),
          new Field("saved state", VhdLayout.FOOTER_SAVED_STATE_AT, 1),
          new Field("hidden", FOOTER_HIDDEN_AT, 1),
          new Field(
              "reserved bytes",
              FOOTER_RESERVED_AT,
              VhdLayout.SHORT_FOOTER_BYTES - FOOTER_RESERVED_AT));

  /// Why it is no footer; empty where it is one.
  Optional<Problem> problem() {
    if (bytes.getLong(0) != VhdLayout.FOOTER_COOKIE) {
      return Optional.of(
          new Problem(0, "the footer's cookie 'conectix'", "0x%016x".formatted(bytes.getLong(0))));
    }
    int stored = bytes.getInt(FOOTER_CHECKSUM_AT);
    int computed = checksum(bytes);
    if (stored != computed) {
      return Optional.of(
          new Problem(
              FOOTER_CHECKSUM_AT,
              "footer checksum 0x%08x".formatted(computed),
              "0x%08x".formatted(stored)));
    }
    int version = bytes.getInt(VhdLayout.FOOTER_VERSION_AT);
    if (version != VhdLayout.FORMAT_VERSION) {
      return Optional.of(
          new Problem(
              VhdLayout.FOOTER_VERSION_AT,
              "format version 0x00010000",
              "0x%08x".formatted(version)));
    }
    int type = bytes.getInt(VhdLayout.FOOTER_TYPE_AT);
    return typeOf(type).isPresent()
        ? Optional.empty()
        : Optional.of(
            new Problem(
                VhdLayout.FOOTER_TYPE_AT, "disk type 2, 3 or 4", Integer.toUnsignedString(type)));
  }

  boolean valid() {
    return problem().isEmpty();
  }

  /// The type of a valid footer.
  DiskType type() {
    return typeOf(bytes.getInt(VhdLayout.FOOTER_TYPE_AT)).orElseThrow();
  }

  long dataOffsetBytes() {
    return bytes.getLong(VhdLayout.FOOTER_DATA_OFFSET_AT);
  }

  long diskBytes() {
    return bytes.getLong(VhdLayout.FOOTER_CURRENT_SIZE_AT);
  }

  /// Seconds since 2000.
  long timestamp() {
    return Integer.toUnsignedLong(bytes.getInt(VhdLayout.FOOTER_TIMESTAMP_AT));
  }

  int features() {
    return bytes.getInt(VhdLayout.FOOTER_FEATURES_AT);
  }

  int creator() {
    return bytes.getInt(VhdLayout.FOOTER_CREATOR_APPLICATION_AT);
  }

  int creatorVersion() {
    return bytes.getInt(VhdLayout.FOOTER_CREATOR_VERSION_AT);
  }

  int savedByte() {
    return bytes.get(VhdLayout.FOOTER_SAVED_STATE_AT) & 0xFF;
  }

  int hiddenByte() {
    return bytes.get(FOOTER_HIDDEN_AT) & 0xFF;
  }

  UUID uuid() {
    return new UUID(
        bytes.getLong(VhdLayout.FOOTER_UUID_AT),
        bytes.getLong(VhdLayout.FOOTER_UUID_AT + Long.BYTES));
  }

  /// What the geometry describes, in bytes.
  long geometryBytes() {
    int packed = bytes.getInt(VhdLayout.FOOTER_GEOMETRY_AT);
    return new Geometry(packed >>> 16, packed >>> 8 & 0xFF, packed & 0xFF).sizeBytes();
  }

  /// What a geometry may describe: the disk, or what the specification's rounding makes of its
  /// size. Programs that take the size from the geometry (qemu) round it otherwise. Under the
  /// creator of images whose size is not to be taken from it, qemu writes the largest there is.
  long mostGeometryBytes() {
    long disk = Math.max(0, diskBytes());
    Geometry of =
        Geometry.ofSize(creator() == VhdLayout.CREATOR_QEMU_SIZED ? Long.MAX_VALUE : disk);
    return Math.max(disk, of.sizeBytes());
  }

  /// First reserved byte that is not zero, or -1.
  int firstReserved() {
    for (int i = FOOTER_RESERVED_AT; i < FOOTER_BYTES; i++) {
      if (bytes.get(i) != 0) {
        return i;
      }
    }
    return -1;
  }

  /// Whether the timestamp lies further ahead than clocks differ.
  boolean inFuture(long now) {
    return timestamp() > now + TIMESTAMP_SLACK_SECONDS;
  }

  /// Names of the fields in which two footers differ.
  List<String> differences(RawFooter other) {
    List<String> names = new ArrayList<>();
    for (Field field : FIELDS) {
      if (!bytes
          .slice(field.at(), field.length())
          .equals(other.bytes.slice(field.at(), field.length()))) {
        names.add(field.name());
      }
    }
    return names;
  }

  /// The bytes as they should be: what [FooterCheck] objects to is put right, but for the
  /// timestamp; the rest is kept.
  ///
  /// @param sizeBelieved whether the geometry is made to follow the size
  ByteBuffer corrected(boolean sizeBelieved) {
    ByteBuffer right = ByteBuffer.allocate(FOOTER_BYTES).put(0, bytes, 0, FOOTER_BYTES);
    right.putInt(
        VhdLayout.FOOTER_FEATURES_AT, (features() & FEATURES_KNOWN) | VhdLayout.FEATURES_RESERVED);
    if (type() == DiskType.FIXED) {
      right.putLong(VhdLayout.FOOTER_DATA_OFFSET_AT, VhdLayout.NO_DATA_OFFSET);
    }
    if (sizeBelieved
        && FooterCheck.sizeValid(diskBytes())
        && geometryBytes() > mostGeometryBytes()) {
      Geometry most = Geometry.ofSize(diskBytes());
      right.putInt(
          VhdLayout.FOOTER_GEOMETRY_AT,
          most.cylinders() << 16 | most.heads() << 8 | most.sectorsPerTrack());
    }
    if (savedByte() > 1) {
      right.put(VhdLayout.FOOTER_SAVED_STATE_AT, (byte) 0);
    }
    right.put(FOOTER_HIDDEN_AT, (byte) (hiddenByte() == 0 ? 0 : 1));
    for (int i = FOOTER_RESERVED_AT; i < FOOTER_BYTES; i++) {
      right.put(i, (byte) 0);
    }
    return right.putInt(FOOTER_CHECKSUM_AT, checksum(right));
  }

  static int checksum(ByteBuffer footer) {
    return Checksums.of(footer, 0, FOOTER_BYTES, FOOTER_CHECKSUM_AT);
  }

  private static Optional<DiskType> typeOf(int code) {
    return switch (code) {
      case 2 -> Optional.of(DiskType.FIXED);
      case 3 -> Optional.of(DiskType.DYNAMIC);
      case 4 -> Optional.of(DiskType.DIFFERENCING);
      default -> Optional.empty();
    };
  }
}
