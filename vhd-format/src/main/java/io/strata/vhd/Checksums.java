// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import java.nio.ByteBuffer;

/// The checksum of footers, headers and batmaps: the one's complement of the sum of the bytes, with
/// the field itself taken as zero.
public final class Checksums {
  private Checksums() {}

  /// The checksum of a structure.
  ///
  /// @param fieldAt offset of the 4-byte field to skip, or -1
  public static int of(ByteBuffer structure, int start, int length, int fieldAt) {
    int sum = 0;
    for (int i = 0; i < length; i++) {
      if (i < fieldAt || i >= fieldAt + Integer.BYTES || fieldAt < 0) {
        sum += structure.get(start + i) & 0xFF;
      }
    }
    return ~sum;
  }

  /// The checksum of a batmap's map.
  ///
  /// @param version of the batmap: version 1.1 takes the bytes as signed, as the compilers of its
  ///   time did. Source: blktap `vhd/lib/libvhd.c`, `vhd_checksum_batmap`.
  public static int ofBatmap(ByteBuffer map, int version) {
    if (version != VhdLayout.BATMAP_VERSION_SIGNED) {
      return of(map, 0, map.capacity(), -1);
    }
    int sum = 0;
    for (int i = 0; i < map.capacity(); i++) {
      sum += map.get(i);
    }
    return ~sum;
  }
}
