// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import static io.strata.vhd.VhdLayout.FOOTER_BYTES;
import static io.strata.vhd.VhdLayout.SHORT_FOOTER_BYTES;

import io.strata.block.Container;
import io.strata.vhd.DiskType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/// What stands in the two places of the footer.
///
/// @param end what stands at the end, valid or not
/// @param copy what stands at offset 0, valid or not; empty in images of less than 1 KiB
record RawFooters(RawFooter end, Optional<RawFooter> copy) {

  /// Reads both, of an image of at least 511 bytes.
  static RawFooters read(Container container) throws IOException {
    long size = container.sizeBytes();
    RawFooter end;
    if (size < FOOTER_BYTES) {
      end = read(container, FooterPlace.END, size - SHORT_FOOTER_BYTES, SHORT_FOOTER_BYTES);
    } else {
      end = read(container, FooterPlace.END, size - FOOTER_BYTES, FOOTER_BYTES);
      RawFooter shortEnd =
          read(container, FooterPlace.END, size - SHORT_FOOTER_BYTES, SHORT_FOOTER_BYTES);
      end = !end.valid() && shortEnd.valid() ? shortEnd : end;
    }
    return new RawFooters(
        end,
        size < 2 * FOOTER_BYTES
            ? Optional.empty()
            : Optional.of(read(container, FooterPlace.COPY, 0, FOOTER_BYTES)));
  }

  /// The valid copy at offset 0.
  Optional<RawFooter> validCopy() {
    return copy.filter(RawFooter::valid).filter(footer -> footer.type() != DiskType.FIXED);
  }

  /// The footer that readers believe: the copy at offset 0 of images that have one; a fixed disk's
  /// first sector belongs to the guest.
  Optional<RawFooter> inForce() {
    if (!end.valid()) {
      return validCopy();
    }
    if (end.type() == DiskType.FIXED) {
      return Optional.of(end);
    }
    return validCopy().filter(c -> c.uuid().equals(end.uuid())).or(() -> Optional.of(end));
  }

  private static RawFooter read(Container container, FooterPlace place, long at, int length)
      throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(FOOTER_BYTES);
    container.read(at, bytes.limit(length));
    return new RawFooter(place, at, length, bytes.clear());
  }
}
