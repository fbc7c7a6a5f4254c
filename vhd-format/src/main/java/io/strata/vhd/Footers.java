// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static io.strata.vhd.VhdLayout.FOOTER_BYTES;
import static io.strata.vhd.VhdLayout.SHORT_FOOTER_BYTES;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.Container;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/// The places where an image may keep its footer. Read order: the end, the end of old tools' images
/// (511 bytes), the copy at offset 0; and only where none of them is valid, what an interrupted
/// growth of a fixed image left behind.
///
/// @param trailing the valid footer at the end
/// @param copy the valid copy at offset 0, of a type that has one
/// @param leftBehind the footer of a fixed image that grew without it
/// @param problem why the footer at the end is not valid
record Footers(
    Optional<VhdFooter> trailing,
    Optional<VhdFooter> copy,
    Optional<FooterSearch.LeftBehind> leftBehind,
    Optional<VhdCorruptException> problem) {

  static Footers read(Container container) throws IOException {
    String location = container.location();
    long size = container.sizeBytes();
    Optional<VhdFooter> trailing = Optional.empty();
    Optional<VhdCorruptException> problem = Optional.empty();
    if (size >= FOOTER_BYTES) {
      long at = size - FOOTER_BYTES;
      try {
        trailing = Optional.of(parseAt(container, at, FOOTER_BYTES, location));
      } catch (VhdCorruptException e) {
        problem = Optional.of(e);
      }
    }
    if (trailing.isEmpty() && size >= SHORT_FOOTER_BYTES) {
      trailing = tryParse(container, size - SHORT_FOOTER_BYTES, SHORT_FOOTER_BYTES, location);
    }
    Optional<VhdFooter> copy = Optional.empty();
    if (size >= 2 * FOOTER_BYTES) {
      copy = tryParse(container, 0, FOOTER_BYTES, location).filter(f -> f.type() != DiskType.FIXED);
    }
    Optional<FooterSearch.LeftBehind> leftBehind =
        trailing.isEmpty() && copy.isEmpty() ? FooterSearch.find(container) : Optional.empty();
    return new Footers(trailing, copy, leftBehind, problem);
  }

  /// The footer to believe. A fixed disk's first sector belongs to the guest, so a fixed footer at
  /// the end is never overruled by what stands at offset 0. Of two others it is the copy, but for
  /// one that knows a smaller disk than the end: no crash leaves that here, since the copy is
  /// durable first, but a write of the copy that was lost does.
  VhdFooter authoritative(String location) throws VhdCorruptException {
    if (trailing.isPresent()) {
      VhdFooter end = trailing.get();
      if (end.type() == DiskType.FIXED) {
        return end;
      }
      return copy.filter(c -> c.uuid().equals(end.uuid()))
          .filter(c -> c.currentSizeBytes() >= end.currentSizeBytes())
          .orElse(end);
    }
    if (copy.isPresent()) {
      return copy.get();
    }
    if (leftBehind.isPresent()) {
      return leftBehind.get().footer();
    }
    throw problem.orElseGet(
        () -> new VhdCorruptException(location, 0, "a VHD footer at the end", "none"));
  }

  boolean trailingSame() {
    return trailing.isPresent() && trailing.equals(copy);
  }

  /// Replaces the footer of an image that is not open for writing, durably. What was written before
  /// is durable before the footer changes.
  ///
  /// The authoritative copy changes first: a crash leaves the old footer in force or the new one,
  /// and one of the two places whole. A fixed image has one place only, a sector.
  static void change(Container container, VhdMetadata metadata, VhdFooter changed)
      throws IOException {
    if (changed.type() == DiskType.FIXED) {
      FixedFooter.settle(container);
      writeTrailing(container, changed);
      container.flush();
      return;
    }
    LeafFooter footer = LeafFooter.open(container, metadata);
    LeafFooter.Barrier barrier =
        () -> {
          container.flush();
          footer.durable(footer.writes());
        };
    footer.spread();
    // Barrier: the end has the footer in force before the copy is written over; and what the new
    // footer stands for is there before it.
    barrier.run();
    footer.change(_ -> changed, barrier);
    // Barrier: the copy is there before the end is written over.
    barrier.run();
    footer.spread();
    // Barrier: nothing of the footer is on its way when others go on.
    barrier.run();
  }

  static void writeTrailing(Container container, VhdFooter footer) throws IOException {
    long at = trailingOffset(container);
    if (container.sizeBytes() - at > FOOTER_BYTES) {
      // A torn tail: a fixed image's footer is where it was read; another one's goes after it.
      if (footer.type() == DiskType.FIXED) {
        at = container.sizeBytes() - FOOTER_BYTES;
      } else {
        at = VhdLayout.roundUp(container.sizeBytes(), FOOTER_BYTES);
        container.ensureCapacity(at + FOOTER_BYTES);
      }
    }
    ByteBuffer bytes = footer.toBytes();
    bytes.limit((int) (container.sizeBytes() - at));
    container.write(at, bytes, Durability.WRITE_BACK);
  }

  /// Where the footer at the end is: at the last sector, or at the last 511 bytes of an image whose
  /// length says that it has a short one.
  static long trailingOffset(Container container) {
    long size = container.sizeBytes();
    return (size - SHORT_FOOTER_BYTES) / FOOTER_BYTES * FOOTER_BYTES;
  }

  private static Optional<VhdFooter> tryParse(
      Container container, long at, int length, String location) throws IOException {
    try {
      return Optional.of(parseAt(container, at, length, location));
    } catch (VhdCorruptException e) {
      return Optional.empty();
    }
  }

  private static VhdFooter parseAt(Container container, long at, int length, String location)
      throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(FOOTER_BYTES);
    container.read(at, bytes.limit(length));
    return VhdFooter.parse(bytes.clear(), 0, location, at);
  }
}
