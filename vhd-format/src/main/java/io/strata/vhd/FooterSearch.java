// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static io.strata.vhd.VhdLayout.FOOTER_BYTES;
import static io.strata.vhd.VhdLayout.SECTOR_BYTES;

import io.strata.block.Container;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.OptionalLong;

/// Looks for the footer of a fixed image whose growth was interrupted.
///
/// Growth makes the image longer, and puts the footer at the new end before it clears the old one.
/// A power cut may leave the new length without the new footer. Then nothing but zeroes stands
/// behind the old one, apart from the last sector, in which the lost write may have left anything.
///
/// To be asked only where no footer is in the places that have one: a guest's data may look like a
/// footer.
public final class FooterSearch {
  /// A footer, and where it is.
  record LeftBehind(VhdFooter footer, long offsetBytes) {}

  private FooterSearch() {}

  /// Where the footer is that an interrupted growth left behind; empty where the image does not
  /// look like that.
  public static OptionalLong leftBehind(Container container) throws IOException {
    Optional<LeftBehind> found = find(container);
    return found.isPresent() ? OptionalLong.of(found.get().offsetBytes()) : OptionalLong.empty();
  }

  static Optional<LeftBehind> find(Container container) throws IOException {
    long lastSectorAt = (container.sizeBytes() - 1) / SECTOR_BYTES * SECTOR_BYTES;
    if (lastSectorAt < SECTOR_BYTES + FOOTER_BYTES || damagedFooterAt(container, lastSectorAt)) {
      return Optional.empty();
    }
    LastContent content = new LastContent(container);
    long at = content.lastSector(0, lastSectorAt);
    if (at < 0) {
      return Optional.empty();
    }
    try {
      ByteBuffer bytes = Bytes.read(container, at, FOOTER_BYTES);
      VhdFooter footer = VhdFooter.parse(bytes, 0, container.location(), at);
      return mayStandAt(footer, at)
              && content.lastSector(footer.currentSizeBytes(), at) == LastContent.NONE
          ? Optional.of(new LeftBehind(footer, at))
          : Optional.empty();
    } catch (VhdCorruptException e) {
      return Optional.empty();
    }
  }

  /// A footer that was damaged where it stands says that the image ends there.
  private static boolean damagedFooterAt(Container container, long at) throws IOException {
    return container.sizeBytes() - at >= Long.BYTES
        && Bytes.read(container, at, Long.BYTES).getLong() == VhdLayout.FOOTER_COOKIE;
  }

  private static boolean mayStandAt(VhdFooter footer, long at) {
    long disk = footer.currentSizeBytes();
    return footer.type() == DiskType.FIXED
        && disk > 0
        && disk <= at
        && disk <= VhdLayout.LARGEST_DISK_BYTES
        && disk % SECTOR_BYTES == 0;
  }
}
