// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import static io.strata.vhd.VhdLayout.SECTOR_BYTES;

import io.strata.vhd.Checksums;
import io.strata.vhd.VhdLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/// A batmap as its bytes are: its header after the BAT, and the map.
///
/// @param offsetBytes where the header is
/// @param header its 512 bytes
record RawBatmap(long offsetBytes, ByteBuffer header) {
  /// How much longer than needed a map may be.
  private static final long SLACK_SECTORS = 64;

  /// The batmap, where its cookie stands after the BAT.
  static Optional<RawBatmap> find(Subject subject, RawHeader header) throws IOException {
    long at = header.tableOffsetBytes() + header.tableBytes();
    if (at > subject.sizeBytes() - VhdLayout.BATMAP_HEADER_BYTES) {
      return Optional.empty();
    }
    ByteBuffer bytes = subject.read(at, VhdLayout.BATMAP_HEADER_BYTES);
    return bytes.getLong(VhdLayout.BATMAP_COOKIE_AT) == VhdLayout.BATMAP_COOKIE
        ? Optional.of(new RawBatmap(at, bytes))
        : Optional.empty();
  }

  long mapOffsetBytes() {
    return header.getLong(VhdLayout.BATMAP_OFFSET_AT);
  }

  long mapSectors() {
    return Integer.toUnsignedLong(header.getInt(VhdLayout.BATMAP_SECTORS_AT));
  }

  int version() {
    return header.getInt(VhdLayout.BATMAP_VERSION_AT);
  }

  int storedChecksum() {
    return header.getInt(VhdLayout.BATMAP_CHECKSUM_AT);
  }

  /// First byte after header and map.
  long endBytes() {
    return Math.max(
        offsetBytes + VhdLayout.BATMAP_HEADER_BYTES,
        mapOffsetBytes() + mapSectors() * SECTOR_BYTES);
  }

  /// Where the map should be; empty if it is there.
  Optional<String> misplaced(Subject subject, long entries) {
    long needed = neededSectors(entries);
    if (mapSectors() < needed || mapSectors() > needed + SLACK_SECTORS) {
      return Optional.of("a map of " + needed + " sectors for " + entries + " entries");
    }
    long first = offsetBytes + VhdLayout.BATMAP_HEADER_BYTES;
    long last = subject.sizeBytes() - mapSectors() * SECTOR_BYTES;
    if (mapOffsetBytes() < first
        || mapOffsetBytes() > last
        || mapOffsetBytes() % SECTOR_BYTES != 0) {
      return Optional.of("a map at a sector from byte " + first + " to " + last);
    }
    return Optional.empty();
  }

  /// Whether header and map stand as every writer puts them, one behind the other, so that neither
  /// place nor length are in doubt.
  boolean usual(long entries) {
    return mapOffsetBytes() == offsetBytes + VhdLayout.BATMAP_HEADER_BYTES
        && mapSectors() == neededSectors(entries);
  }

  private static long neededSectors(long entries) {
    return Math.ceilDiv(Math.ceilDiv(entries, Byte.SIZE), (long) SECTOR_BYTES);
  }

  /// The same with the map where every writer puts it, if the map that stands there has the
  /// checksum: then it is the header whose place or length is damaged.
  Optional<RawBatmap> putRight(Subject subject, long entries) throws IOException {
    ByteBuffer right = ByteBuffer.allocate(VhdLayout.BATMAP_HEADER_BYTES);
    right.put(0, header, 0, right.capacity());
    right.putLong(VhdLayout.BATMAP_OFFSET_AT, offsetBytes + VhdLayout.BATMAP_HEADER_BYTES);
    right.putInt(VhdLayout.BATMAP_SECTORS_AT, (int) neededSectors(entries));
    RawBatmap batmap = new RawBatmap(offsetBytes, right);
    return batmap.misplaced(subject, entries).isEmpty()
            && batmap.checksum(batmap.map(subject)) == storedChecksum()
        ? Optional.of(batmap)
        : Optional.empty();
  }

  /// The map, which is within the image.
  ByteBuffer map(Subject subject) throws IOException {
    return subject.read(mapOffsetBytes(), (int) mapSectors() * SECTOR_BYTES);
  }

  int checksum(ByteBuffer map) {
    return Checksums.ofBatmap(map, version());
  }

  static boolean bit(ByteBuffer map, int block) {
    return (map.get(block >>> 3) & 0x80 >>> (block & 7)) != 0;
  }

  static void set(ByteBuffer map, int block) {
    map.put(block >>> 3, (byte) (map.get(block >>> 3) | 0x80 >>> (block & 7)));
  }
}
