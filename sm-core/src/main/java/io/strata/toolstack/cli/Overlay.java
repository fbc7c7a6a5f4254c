// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import java.nio.ByteBuffer;

/// Numbered pieces that are written over a disk, each at a place of its own.
///
/// @param pieces how many
/// @param strideBytes distance between two pieces
/// @param mark what tells this overlay's pieces from others'
record Overlay(int pieces, long strideBytes, long mark) {
  /// Bytes of a piece.
  static final int PIECE_BYTES = 4096;

  private static final int MOST_PIECES = 4096;
  private static final long SMALLEST_STRIDE_BYTES = 16 * 1024;

  /// As many pieces as fit a disk, spread over all of it.
  static Overlay over(long diskBytes, long mark) {
    int pieces = (int) Math.min(MOST_PIECES, diskBytes / SMALLEST_STRIDE_BYTES);
    long stride = diskBytes / pieces / PIECE_BYTES * PIECE_BYTES;
    return new Overlay(pieces, stride, mark);
  }

  long offsetBytes(int index) {
    return index * strideBytes;
  }

  /// The bytes of a piece: no other piece has the same.
  ByteBuffer piece(int index) {
    ByteBuffer bytes = ByteBuffer.allocate(PIECE_BYTES);
    long value = mark * 0x9E3779B97F4A7C15L + index;
    while (bytes.hasRemaining()) {
      value = value * 6364136223846793005L + 1442695040888963407L;
      bytes.putLong(value);
    }
    return bytes.flip();
  }

  /// Puts the first `count` pieces over what a buffer holds of the disk.
  ///
  /// @param offsetBytes where on the disk the buffer's first byte is
  void apply(int count, long offsetBytes, ByteBuffer content) {
    long first = Math.max(0, offsetBytes - PIECE_BYTES) / strideBytes;
    for (int i = (int) first; i < count; i++) {
      long at = offsetBytes(i) - offsetBytes;
      if (at >= content.limit()) {
        return;
      }
      ByteBuffer piece = piece(i);
      for (int b = 0; b < PIECE_BYTES; b++) {
        long target = at + b;
        if (target >= 0 && target < content.limit()) {
          content.put((int) target, piece.get(b));
        }
      }
    }
  }
}
