// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import static io.strata.vhd.VhdLayout.FOOTER_BYTES;
import static io.strata.vhd.VhdLayout.SHORT_FOOTER_BYTES;

import io.strata.block.Container;
import io.strata.vhd.DiskType;
import io.strata.vhd.FooterSearch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.OptionalLong;

/// What stands in the places of the footer.
///
/// @param end what stands at the end, valid or not
/// @param copy what stands at offset 0, valid or not; empty in images of less than 1 KiB
/// @param oldEnd the valid footer of a fixed image whose growth was interrupted
record RawFooters(RawFooter end, Optional<RawFooter> copy, Optional<RawFooter> oldEnd) {

  /// Reads them, of an image of at least 511 bytes.
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
    Optional<RawFooter> copy =
        size < 2 * FOOTER_BYTES
            ? Optional.empty()
            : Optional.of(read(container, FooterPlace.COPY, 0, FOOTER_BYTES));
    RawFooters places = new RawFooters(end, copy, Optional.empty());
    return places.inForce().isPresent() ? places : new RawFooters(end, copy, oldEnd(container));
  }

  private static Optional<RawFooter> oldEnd(Container container) throws IOException {
    OptionalLong at = FooterSearch.leftBehind(container);
    return at.isPresent()
        ? Optional.of(read(container, FooterPlace.OLD_END, at.getAsLong(), FOOTER_BYTES))
        : Optional.empty();
  }

  /// The valid copy at offset 0.
  Optional<RawFooter> validCopy() {
    return copy.filter(RawFooter::valid).filter(footer -> footer.type() != DiskType.FIXED);
  }

  /// The footer that readers believe: the copy at offset 0 of images that have one, unless the end
  /// knows a larger disk; a fixed disk's first sector belongs to the guest.
  Optional<RawFooter> inForce() {
    if (!end.valid()) {
      return validCopy().or(() -> oldEnd);
    }
    if (end.type() == DiskType.FIXED) {
      return Optional.of(end);
    }
    return validCopy()
        .filter(c -> c.uuid().equals(end.uuid()) && c.diskBytes() >= end.diskBytes())
        .or(() -> Optional.of(end));
  }

  /// Whether both are valid and nobody can tell which is right: they belong to different images, or
  /// the copy knows less of the disk than the end. blktap writes the end first.
  boolean inDoubt() {
    Optional<RawFooter> other = validCopy();
    return end.valid()
        && other.isPresent()
        && (!other.get().uuid().equals(end.uuid()) || end.diskBytes() > other.get().diskBytes());
  }

  private static RawFooter read(Container container, FooterPlace place, long at, int length)
      throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(FOOTER_BYTES);
    container.read(at, bytes.limit(length));
    return new RawFooter(place, at, length, bytes.clear());
  }
}
