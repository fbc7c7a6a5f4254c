// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

/// Cylinders, heads and sectors per track as the format computes them from a size, capped at 65535
/// x 16 x 255. Source: VHD specification 1.0, appendix "CHS Calculation".
public record Geometry(int cylinders, int heads, int sectorsPerTrack) {

  /// The geometry for a size; it describes at most that many bytes.
  public static Geometry ofSize(long sizeBytes) {
    long sectors = Math.min(sizeBytes / VhdLayout.SECTOR_BYTES, 65535L * 16 * 255);
    int perTrack;
    int heads;
    long cylindersTimesHeads;
    if (sectors >= 65535L * 16 * 63) {
      perTrack = 255;
      heads = 16;
      cylindersTimesHeads = sectors / perTrack;
    } else {
      perTrack = 17;
      cylindersTimesHeads = sectors / perTrack;
      heads = (int) Math.max(4, (cylindersTimesHeads + 1023) / 1024);
      if (cylindersTimesHeads >= heads * 1024L || heads > 16) {
        perTrack = 31;
        heads = 16;
        cylindersTimesHeads = sectors / perTrack;
      }
      if (cylindersTimesHeads >= heads * 1024L) {
        perTrack = 63;
        heads = 16;
        cylindersTimesHeads = sectors / perTrack;
      }
    }
    return new Geometry((int) (cylindersTimesHeads / heads), heads, perTrack);
  }

  /// What it describes, in bytes.
  public long sizeBytes() {
    return (long) cylinders * heads * sectorsPerTrack * VhdLayout.SECTOR_BYTES;
  }

  int packed() {
    return cylinders << 16 | heads << 8 | sectorsPerTrack;
  }

  static Geometry ofPacked(int packed) {
    return new Geometry(packed >>> 16, packed >>> 8 & 0xFF, packed & 0xFF);
  }
}
