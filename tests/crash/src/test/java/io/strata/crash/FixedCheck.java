// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.block.Container;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Reads a fixed VHD's footer with nothing of the engine under test: once the image was opened for
/// writing, the footer is its last sector, and says the disk's size.
///
/// Source: VHD specification 1.0, "Hard Disk Footer Format".
final class FixedCheck {
  private static final int CURRENT_SIZE_AT = 48;

  private FixedCheck() {}

  static void check(Container container, long diskBytes) throws IOException {
    if (!complete(container)) {
      throw new CrashViolation(
          "no footer of a fixed image in the last sector of " + container.sizeBytes() + " bytes");
    }
    long said = last(container).getLong(CURRENT_SIZE_AT);
    if (said != diskBytes || said > container.sizeBytes() - SectorModel.SECTOR_BYTES) {
      throw new CrashViolation(
          "the footer says %d bytes, the disk has %d, the image %d"
              .formatted(said, diskBytes, container.sizeBytes()));
    }
  }

  /// Whether a footer of a fixed image is in the last sector.
  static boolean complete(Container container) throws IOException {
    return container.sizeBytes() >= SectorModel.SECTOR_BYTES
        && FooterWrites.ofFixed(last(container));
  }

  private static ByteBuffer last(Container container) throws IOException {
    ByteBuffer sector = ByteBuffer.allocate(SectorModel.SECTOR_BYTES);
    container.read(container.sizeBytes() - SectorModel.SECTOR_BYTES, sector);
    return sector.flip();
  }
}
