// SPDX-License-Identifier: Apache-2.0
package io.strata.block;

import java.io.IOException;
import java.nio.ByteBuffer;

/// Writes to a device and keeps it sparse: pieces that hold nothing but zeroes are written as such,
/// or not at all where the device reads as zeroes already. Does not flush. Not thread-safe.
public final class SparseWriter {
  /// What is compared with zero at once: so little that a few bytes do not provision much.
  public static final int PIECE_BYTES = 64 << 10;

  private final BlockDevice target;
  private final boolean targetIsZero;

  /// @param targetIsZero whether what is not written yet reads as zeroes
  public SparseWriter(BlockDevice target, boolean targetIsZero) {
    this.target = target;
    this.targetIsZero = targetIsZero;
  }

  /// Writes the remaining bytes of `data`.
  public void write(long offsetBytes, ByteBuffer data) throws IOException {
    long at = offsetBytes;
    while (data.hasRemaining()) {
      int length = Math.min(PIECE_BYTES, data.remaining());
      ByteBuffer piece = data.slice(data.position(), length);
      data.position(data.position() + length);
      if (isZero(piece)) {
        zero(at, length);
      } else {
        target.write(at, piece);
      }
      at += length;
    }
  }

  /// Makes a range read as zeroes; its space is given back where the device can.
  public void zero(long offsetBytes, long lengthBytes) throws IOException {
    if (lengthBytes > 0 && !targetIsZero) {
      target.writeZeroes(
          offsetBytes,
          lengthBytes,
          BlockDevice.Zeroing.MAY_DEALLOCATE,
          BlockDevice.Durability.WRITE_BACK);
    }
  }

  /// Whether the remaining bytes are all zero.
  public static boolean isZero(ByteBuffer bytes) {
    int end = bytes.limit();
    int i = bytes.position();
    for (; i + Long.BYTES <= end; i += Long.BYTES) {
      if (bytes.getLong(i) != 0) {
        return false;
      }
    }
    for (; i < end; i++) {
      if (bytes.get(i) != 0) {
        return false;
      }
    }
    return true;
  }
}
