// SPDX-License-Identifier: Apache-2.0
package io.strata.crash.kill;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// Content by which a sector tells where it belongs and which write made it.
///
/// | long | holds |
/// |---|---|
/// | 0 | a magic number |
/// | 1 | the sector's number |
/// | 2 | the write's stamp, never 0 |
/// | 3 to 63 | mixed from these |
///
/// A sector of zeroes has the stamp 0.
final class Stamps {
  static final int SECTOR_BYTES = 512;
  private static final int LONGS = SECTOR_BYTES / Long.BYTES;
  private static final long MAGIC = 0x5354_5241_5441_4b39L;

  private Stamps() {}

  /// Sectors that all bear one stamp; zeroes for the stamp 0.
  static ByteBuffer fill(long firstSector, int sectors, long stamp) {
    ByteBuffer bytes = ByteBuffer.allocate(sectors * SECTOR_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    if (stamp == 0) {
      return bytes;
    }
    for (int sector = 0; sector < sectors; sector++) {
      bytes.putLong(MAGIC).putLong(firstSector + sector).putLong(stamp);
      for (int i = 3; i < LONGS; i++) {
        bytes.putLong(mixed(firstSector + sector, stamp, i));
      }
    }
    return bytes.flip();
  }

  /// The stamp of each sector.
  ///
  /// @throws Violation where a sector is torn, or holds another sector's bytes
  static long[] read(String disk, long firstSector, ByteBuffer bytes) {
    ByteBuffer data = bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    long[] stamps = new long[data.remaining() / SECTOR_BYTES];
    for (int sector = 0; sector < stamps.length; sector++) {
      stamps[sector] = readOne(disk, firstSector + sector, data);
    }
    return stamps;
  }

  private static long readOne(String disk, long sector, ByteBuffer data) {
    long magic = data.getLong();
    long number = data.getLong();
    long stamp = data.getLong();
    boolean zero = magic == 0 && number == 0 && stamp == 0;
    boolean whole = zero || (magic == MAGIC && number == sector && stamp != 0);
    for (int i = 3; i < LONGS; i++) {
      whole &= data.getLong() == (zero ? 0 : mixed(sector, stamp, i));
    }
    if (!whole) {
      throw new Violation(
          "%s: sector %d is torn or another's: magic %x, sector %d, stamp %d"
              .formatted(disk, sector, magic, number, stamp));
    }
    return stamp;
  }

  private static long mixed(long sector, long stamp, int i) {
    long z = sector * 0x9E37_79B9_7F4A_7C15L + stamp * 0xBF58_476D_1CE4_E5B9L + i;
    return (z ^ (z >>> 29)) * 0x94D0_49BB_1331_11EBL;
  }
}
