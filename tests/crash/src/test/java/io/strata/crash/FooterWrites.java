// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.block.sim.LogEntry;
import java.nio.ByteBuffer;

/// Recognizes writes of a footer that an image has twice.
///
/// Source: VHD specification 1.0, "Hard Disk Footer Format".
final class FooterWrites {
  /// "conectix"
  static final long COOKIE = 0x636F6E6563746978L;

  private static final int TYPE_AT = 60;
  private static final int FIXED = 2;

  private FooterWrites() {}

  /// Whether a write is one of a footer's two copies: the format has two so that a sector that was
  /// torn within does no harm.
  static boolean ofTwo(LogEntry.Write write) {
    ByteBuffer bytes = ByteBuffer.wrap(write.bytes());
    return write.bytes().length == SectorModel.SECTOR_BYTES
        && bytes.getLong(0) == COOKIE
        && bytes.getInt(TYPE_AT) != FIXED;
  }

  /// Whether a sector is the footer of a fixed image.
  static boolean ofFixed(ByteBuffer sector) {
    return sector.getLong(0) == COOKIE && sector.getInt(TYPE_AT) == FIXED;
  }
}
