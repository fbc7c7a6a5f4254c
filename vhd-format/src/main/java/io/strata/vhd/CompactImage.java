// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import io.strata.block.Container;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/// Sends an image without the gap that stays before its footer so that it can grow.
public final class CompactImage {
  private static final int CHUNK_BYTES = 1 << 20;

  private CompactImage() {}

  /// Writes everything up to the end of the last block, and the footer after it.
  ///
  /// @param image a dynamic or differencing image that nobody writes to
  public static void send(Container image, OutputStream target) throws IOException {
    VhdMetadata metadata = VhdMetadata.read(image);
    if (metadata.header() == null) {
      throw new IllegalArgumentException(image.location() + " is fixed: it has no gap");
    }
    long end =
        VhdLayout.roundUp(
            ImageEnd.bytes(metadata, AllocationTable.load(image, metadata)),
            VhdLayout.SECTOR_BYTES);
    byte[] chunk = new byte[CHUNK_BYTES];
    for (long at = 0; at < end; at += CHUNK_BYTES) {
      int length = (int) Math.min(CHUNK_BYTES, end - at);
      image.read(at, ByteBuffer.wrap(chunk, 0, length));
      target.write(chunk, 0, length);
    }
    byte[] footer = new byte[VhdLayout.FOOTER_BYTES];
    metadata.footer().toBytes().get(footer);
    target.write(footer);
  }
}
