// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.block.Container;
import io.strata.block.sim.LogEntry;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Recognizes writes of a footer that an image has twice.
///
/// Source: VHD specification 1.0, "Hard Disk Footer Format".
final class FooterWrites {
  /// "conectix"
  static final long COOKIE = 0x636F6E6563746978L;

  private static final int TYPE_AT = 60;
  private static final int CHECKSUM_AT = 64;
  private static final int FIXED = 2;

  private FooterWrites() {}

  /// Whether a write is one of a footer's two copies: the format has two so that a sector that was
  /// torn within does no harm.
  static boolean ofTwo(LogEntry.Write write) {
    return isOne(write) && ByteBuffer.wrap(write.bytes()).getInt(TYPE_AT) != FIXED;
  }

  /// Whether a write is one of a footer.
  static boolean isOne(LogEntry.Write write) {
    return write.bytes().length == SectorModel.SECTOR_BYTES
        && ByteBuffer.wrap(write.bytes()).getLong(0) == COOKIE;
  }

  /// Whether a sector is the footer of a fixed image.
  static boolean ofFixed(ByteBuffer sector) {
    return sector.getLong(0) == COOKIE && sector.getInt(TYPE_AT) == FIXED;
  }

  /// Whether a footer is there whose checksum is right: the one's complement of the sum of all its
  /// other bytes.
  static boolean validAt(Container container, long offsetBytes) throws IOException {
    ByteBuffer sector = ByteBuffer.allocate(SectorModel.SECTOR_BYTES);
    container.read(offsetBytes, sector.duplicate());
    int sum = 0;
    for (int i = 0; i < SectorModel.SECTOR_BYTES; i++) {
      boolean ofChecksum = i >= CHECKSUM_AT && i < CHECKSUM_AT + Integer.BYTES;
      sum += ofChecksum ? 0 : sector.get(i) & 0xFF;
    }
    return sector.getLong(0) == COOKIE && sector.getInt(CHECKSUM_AT) == ~sum;
  }
}
