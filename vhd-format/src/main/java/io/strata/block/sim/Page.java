// SPDX-License-Identifier: Apache-2.0
package io.strata.block.sim;

import java.util.Arrays;

/// A page of bytes that remembers which of its sectors were ever written.
final class Page {
  /// Length of a page, in bytes.
  static final int SIZE_BYTES = 4096;

  /// Length of a sector, in bytes: what a device writes whole or not at all.
  static final int SECTOR_BYTES = 512;

  /// Given back: reads as zeroes and takes no space. Never changed.
  static final Page HOLE = new Page(new byte[SIZE_BYTES], 0xff);

  final byte[] bytes;
  private int writtenSectors;

  private Page(byte[] bytes, int writtenSectors) {
    this.bytes = bytes;
    this.writtenSectors = writtenSectors;
  }

  /// A page that nobody wrote yet.
  static Page unwritten(byte fill) {
    byte[] bytes = new byte[SIZE_BYTES];
    if (fill != 0) {
      Arrays.fill(bytes, fill);
    }
    return new Page(bytes, 0);
  }

  Page copy() {
    return new Page(bytes.clone(), writtenSectors);
  }

  /// Makes this page the same as another.
  void become(Page other) {
    System.arraycopy(other.bytes, 0, bytes, 0, SIZE_BYTES);
    writtenSectors = other.writtenSectors;
  }

  boolean sectorWritten(int sectorIndex) {
    return (writtenSectors & (1 << sectorIndex)) != 0;
  }

  void markWritten(int offset, int length) {
    int first = offset / SECTOR_BYTES;
    int last = (offset + length - 1) / SECTOR_BYTES;
    for (int sector = first; sector <= last; sector++) {
      writtenSectors |= 1 << sector;
    }
  }

  /// Fills the sectors of the range that were never written.
  void fillUnwritten(int offset, int length, byte fill) {
    int first = offset / SECTOR_BYTES;
    int last = (offset + length - 1) / SECTOR_BYTES;
    for (int sector = first; sector <= last; sector++) {
      if (!sectorWritten(sector)) {
        Arrays.fill(bytes, sector * SECTOR_BYTES, (sector + 1) * SECTOR_BYTES, fill);
      }
    }
  }
}
