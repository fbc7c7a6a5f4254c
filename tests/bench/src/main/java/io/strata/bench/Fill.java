// SPDX-License-Identifier: Apache-2.0
package io.strata.bench;

import io.strata.block.BlockDevice;
import io.strata.block.BlockDevice.Durability;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Random;

/// The same bytes for every subject: random content at places that a seed decides.
final class Fill {
  private static final int DENSE_PIECE = 1 << 20;

  private Fill() {}

  /// All of a range, in order.
  static void dense(BlockDevice disk, long lengthBytes, long seed) throws IOException {
    ByteBuffer piece = content(DENSE_PIECE, seed);
    for (long at = 0; at < lengthBytes; at += DENSE_PIECE) {
      disk.write(at, piece.clear(), Durability.WRITE_BACK);
    }
    disk.flush();
  }

  /// So many different places, in random order.
  static void scattered(BlockDevice disk, int writes, int writeBytes, long spanBytes, long seed)
      throws IOException {
    ByteBuffer piece = content(writeBytes, seed);
    new Random(seed)
        .longs(0, spanBytes / writeBytes)
        .distinct()
        .limit(writes)
        .forEachOrdered(place -> {
          try {
            disk.write(place * writeBytes, piece.clear(), Durability.WRITE_BACK);
          } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
          }
        });
    disk.flush();
  }

  private static ByteBuffer content(int bytes, long seed) {
    byte[] random = new byte[bytes];
    new Random(seed).nextBytes(random);
    return ByteBuffer.allocateDirect(bytes).put(random);
  }
}
