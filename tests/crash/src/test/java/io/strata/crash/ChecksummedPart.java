// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.block.Container;
import io.strata.block.sim.FaultHit;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/// The parts of a VHD that have a checksum: the copy of the footer and the dynamic header, which it
/// begins with, and the footer at its end.
final class ChecksummedPart {
  private static final int FOOTER_BYTES = 512;
  private static final int HEADER_BYTES = 1024;
  private static final ByteBuffer FOOTER_COOKIE =
      ByteBuffer.wrap("conectix".getBytes(StandardCharsets.US_ASCII));

  private ChecksummedPart() {}

  /// Whether all that was asked for is in such a part; of a write that went elsewhere, whether it
  /// landed in one at the beginning.
  static boolean wasHit(FaultHit hit, FaultyStorages storages) throws IOException {
    if (hit.landedBytes().isPresent()) {
      return hit.landedBytes().getAsLong() < FOOTER_BYTES + HEADER_BYTES;
    }
    return hit.offsetBytes() + hit.lengthBytes() <= FOOTER_BYTES + HEADER_BYTES
        || (hit.lengthBytes() == FOOTER_BYTES && isFooter(hit, storages));
  }

  private static boolean isFooter(FaultHit hit, FaultyStorages storages) throws IOException {
    Optional<Container> container = storages.at(hit.what());
    if (container.isEmpty() || container.get().sizeBytes() < hit.offsetBytes() + FOOTER_BYTES) {
      return false;
    }
    ByteBuffer start = ByteBuffer.allocate(FOOTER_COOKIE.capacity());
    container.get().read(hit.offsetBytes(), start);
    return start.flip().equals(FOOTER_COOKIE);
  }
}
