// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import java.nio.ByteBuffer;
import java.util.Optional;

/// XenServer's batmap: one bit per block, set where every sector of the block is present, so that
/// its bitmap need not be read. The header stands after the BAT (padded to a sector), the map at
/// `mapOffsetBytes`.
///
/// Source: blktap `include/vhd.h`, `struct dd_batmap_hdr`, version 1.2.
///
/// @param mapSectors length of the map
/// @param mapChecksum checksum over the map's bytes
record BatmapHeader(long mapOffsetBytes, int mapSectors, int version, int mapChecksum) {

  static Optional<BatmapHeader> parse(ByteBuffer buffer, int start) {
    if (buffer.getLong(start + VhdLayout.BATMAP_COOKIE_AT) != VhdLayout.BATMAP_COOKIE) {
      return Optional.empty();
    }
    return Optional.of(
        new BatmapHeader(
            buffer.getLong(start + VhdLayout.BATMAP_OFFSET_AT),
            buffer.getInt(start + VhdLayout.BATMAP_SECTORS_AT),
            buffer.getInt(start + VhdLayout.BATMAP_VERSION_AT),
            buffer.getInt(start + VhdLayout.BATMAP_CHECKSUM_AT)));
  }

  ByteBuffer toBytes() {
    ByteBuffer bytes = ByteBuffer.allocate(VhdLayout.BATMAP_HEADER_BYTES);
    bytes
        .putLong(VhdLayout.BATMAP_COOKIE)
        .putLong(mapOffsetBytes)
        .putInt(mapSectors)
        .putInt(version)
        .putInt(mapChecksum);
    return bytes.clear();
  }

  /// Sectors that a map for so many blocks takes.
  static int sectorsFor(int blocks) {
    return Math.ceilDiv(Math.ceilDiv(blocks, Byte.SIZE), VhdLayout.SECTOR_BYTES);
  }

  /// More sectors than any program gives such a map.
  static int mostSectorsFor(int blocks) {
    return sectorsFor(blocks) + 64;
  }
}
