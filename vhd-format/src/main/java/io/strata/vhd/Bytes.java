// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import io.strata.block.Container;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Reading of small structures.
final class Bytes {
  private Bytes() {}

  /// The bytes at an offset, in a buffer at position 0.
  static ByteBuffer read(Container container, long offsetBytes, int lengthBytes)
      throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(lengthBytes);
    container.read(offsetBytes, bytes);
    return bytes.flip();
  }

  /// Whether nothing but zeroes remains in a buffer, whose position stays.
  static boolean zeroes(ByteBuffer bytes) {
    int at = bytes.position();
    int end = bytes.limit();
    while (at + Long.BYTES <= end && bytes.getLong(at) == 0) {
      at += Long.BYTES;
    }
    while (at < end && bytes.get(at) == 0) {
      at++;
    }
    return at == end;
  }
}
