// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static io.strata.vhd.VhdLayout.PAGE_BYTES;
import static io.strata.vhd.VhdLayout.SECTOR_BYTES;

/// How the blocks of an image are laid out: a bitmap of whole sectors, then the data, which new
/// blocks place at a multiple of 4 KiB.
///
/// @param blockBytes data of a block, a power of two
public record BlockGeometry(int blockBytes) {
  private static final int PAGE_SECTORS = PAGE_BYTES / SECTOR_BYTES;

  /// Sectors of data.
  public int sectorsPerBlock() {
    return blockBytes / SECTOR_BYTES;
  }

  /// Sectors of the bitmap, which stands before the data.
  public int bitmapSectors() {
    return Math.ceilDiv(Math.ceilDiv(sectorsPerBlock(), Byte.SIZE), SECTOR_BYTES);
  }

  /// Bytes of the bitmap, padded to sectors.
  public int bitmapBytes() {
    return bitmapSectors() * SECTOR_BYTES;
  }

  /// 64-bit words that hold a bit per sector.
  int bitmapWords() {
    return Math.ceilDiv(sectorsPerBlock(), Long.SIZE);
  }

  /// Sectors of bitmap and data.
  public int blockSectors() {
    return bitmapSectors() + sectorsPerBlock();
  }

  /// Distance of two blocks that adjoin, in sectors.
  int strideSectors() {
    return (int) VhdLayout.roundUp(blockSectors(), PAGE_SECTORS);
  }

  /// The first sector from `sector` on where a block's data is aligned.
  long alignBlockSector(long sector) {
    return VhdLayout.roundUp(sector + bitmapSectors(), PAGE_SECTORS) - bitmapSectors();
  }

  int blockShift() {
    return Integer.numberOfTrailingZeros(blockBytes);
  }
}
