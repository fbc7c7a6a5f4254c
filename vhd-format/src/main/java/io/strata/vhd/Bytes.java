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
}
