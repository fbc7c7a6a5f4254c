// SPDX-License-Identifier: Apache-2.0
package io.strata.host;

/// The units of a disk, in bytes.
///
/// @param logicalBytes smallest unit that can be addressed
/// @param physicalBytes smallest unit that can be written without reading first
public record BlockSizes(int logicalBytes, int physicalBytes) {
  private static final int SECTOR_BYTES = 512;

  /// Whether sectors of 512 bytes can't be addressed ("4K native").
  public boolean is4Kn() {
    return logicalBytes > SECTOR_BYTES;
  }

  /// Whether sectors of 512 bytes are imitated on larger ones ("512 emulation").
  public boolean is512e() {
    return logicalBytes == SECTOR_BYTES && physicalBytes > SECTOR_BYTES;
  }
}
