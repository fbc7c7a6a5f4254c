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
}
