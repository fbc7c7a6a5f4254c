// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static io.strata.vhd.VhdLayout.FOOTER_BYTES;
import static io.strata.vhd.VhdLayout.SECTOR_BYTES;
import static io.strata.vhd.VhdLayout.SHORT_FOOTER_BYTES;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.BlockDevice.Zeroing;
import io.strata.block.Container;
import java.io.IOException;
import java.util.Optional;

/// The footer of a fixed image that is not open for writing: one sector, in one place.
///
/// It moves before it changes, so that a power cut leaves the old disk or the new one: the footer
/// goes to the new end as it is, the old place is cleared, and only then the disk takes its new
/// size, in place. In between, [FooterSearch] finds it, or it stands behind room that the disk does
/// not use.
final class FixedFooter {
  private FixedFooter() {}

  /// Ends what a power cut left of a growth: the footer goes to the image's end, and the disk keeps
  /// its size. Does nothing to other images.
  static void settle(Container container) throws IOException {
    Optional<FooterSearch.LeftBehind> found = Footers.read(container).leftBehind();
    if (found.isPresent()) {
      long end = VhdLayout.roundUp(container.sizeBytes(), SECTOR_BYTES);
      move(container, found.get().footer(), found.get().offsetBytes(), end - FOOTER_BYTES);
    }
  }

  /// Makes the disk larger. New space reads as zeroes, whatever stood behind the disk.
  static void grow(Container container, VhdMetadata metadata, long sizeBytes) throws IOException {
    settle(container);
    VhdFooter footer = metadata.footer();
    long diskBytes = footer.currentSizeBytes();
    if (sizeBytes == diskBytes) {
      return;
    }
    long at = offsetBytes(container);
    if (at > diskBytes) {
      clear(container, diskBytes, at - diskBytes);
    }
    if (sizeBytes > at) {
      long behind = VhdLayout.roundUp(container.sizeBytes(), SECTOR_BYTES);
      move(container, footer, at, Math.max(sizeBytes, behind));
    }
    Footers.change(container, metadata, footer.withSize(sizeBytes));
  }

  /// Moves the footer to the end of the image, which grows where needed.
  private static void move(Container container, VhdFooter footer, long fromBytes, long toBytes)
      throws IOException {
    container.ensureCapacity(toBytes + FOOTER_BYTES);
    Footers.writeTrailing(container, footer);
    // Barrier: the footer is at the end before the old one is cleared.
    container.flush();
    clear(container, fromBytes, FOOTER_BYTES);
  }

  /// Clears room behind the disk.
  private static void clear(Container container, long fromBytes, long lengthBytes)
      throws IOException {
    container.writeZeroes(fromBytes, lengthBytes, Zeroing.MAY_DEALLOCATE, Durability.WRITE_BACK);
    // Barrier: the room is zero before the disk takes it, and before the image grows: the footer is
    // found then by the zeroes around it.
    container.flush();
  }

  /// Where the footer at the end is: in an image that ends within a sector, and not by a short
  /// footer, it is at no sector.
  private static long offsetBytes(Container container) {
    long tail = container.sizeBytes() % SECTOR_BYTES;
    return tail == 0 || tail == SHORT_FOOTER_BYTES
        ? Footers.trailingOffset(container)
        : container.sizeBytes() - FOOTER_BYTES;
  }
}
