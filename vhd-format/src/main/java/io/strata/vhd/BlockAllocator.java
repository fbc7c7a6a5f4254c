// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static io.strata.vhd.VhdLayout.FOOTER_BYTES;
import static io.strata.vhd.VhdLayout.SECTOR_BYTES;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.BlockDevice.Zeroing;
import io.strata.block.Container;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/// Hands out room for new blocks at the end of an image, and makes the image grow.
///
/// Room handed out reads as zeroes. The image grows in large steps; each step writes the footer at
/// the new end. Until that one is durable, the block that would lie over the old footer is held
/// back, so that a crash never leaves guest data where a footer is expected.
///
/// Thread-safe by its own monitor. Only the footer's comes after it in the lock order.
final class BlockAllocator {
  private static final long HIGHEST_SECTOR = 0xFFFFFFFEL;

  private final Container container;
  private final BlockGeometry geometry;
  private final LeafFooter footer;
  private final LeafFooter.Barrier barrier;
  private long nextSector;
  private final List<Long> oldFooters = new ArrayList<>();
  private final ArrayDeque<Held> held = new ArrayDeque<>();
  private final ArrayDeque<Long> free = new ArrayDeque<>();

  /// A block kept back, and the old footer that lies in it.
  private record Held(long sector, long oldFooterBytes) {}

  /// @param endBytes first byte after everything the image holds; the room from there to the footer
  ///   is zeroed here
  BlockAllocator(
      Container container,
      BlockGeometry geometry,
      LeafFooter footer,
      long endBytes,
      LeafFooter.Barrier barrier)
      throws IOException {
    this.container = container;
    this.geometry = geometry;
    this.footer = footer;
    this.barrier = barrier;
    nextSector = geometry.alignBlockSector(Math.ceilDiv(endBytes, (long) SECTOR_BYTES));
    if (container.sizeBytes() % SECTOR_BYTES != 0 || Footers.trailingOffset(container) < endBytes) {
      // A short footer or a torn tail: the footer goes to a whole sector after it.
      footer.grow(
          VhdLayout.roundUp(Math.max(container.sizeBytes(), endBytes), SECTOR_BYTES) + FOOTER_BYTES,
          barrier);
    }
    long footerAt = Footers.trailingOffset(container);
    if (footerAt > endBytes) {
      container.writeZeroes(
          endBytes, footerAt - endBytes, Zeroing.MAY_DEALLOCATE, Durability.WRITE_BACK);
    }
  }

  /// Room for a block.
  ///
  /// @return the sector of its bitmap
  synchronized long allocate() throws IOException {
    Long reused = free.poll();
    if (reused != null) {
      return reused;
    }
    while (true) {
      long sector = nextSector;
      long endBytes = (sector + geometry.blockSectors()) * SECTOR_BYTES;
      if (sector + geometry.blockSectors() > HIGHEST_SECTOR) {
        throw new IOException(
            "No space left in " + container.location() + ": the format's 2 TiB are used up");
      }
      if (endBytes > Footers.trailingOffset(container)) {
        grow(endBytes);
      }
      nextSector = sector + geometry.strideSectors();
      long covered = oldFooterIn(sector);
      if (covered < 0) {
        return sector;
      }
      held.add(new Held(sector, covered));
    }
  }

  /// Takes back room that nothing was written to but zeroes.
  synchronized void giveBack(long sector) {
    free.add(sector);
  }

  /// What was held back when a flush began: it can be used once that flush is done.
  synchronized int heldBack() {
    return held.size();
  }

  /// Releases the first `count` blocks held back, whose growth is durable now. Where this fails,
  /// those that could not be released are held back still.
  synchronized void release(int count) throws IOException {
    for (int i = 0; i < count; i++) {
      Held block = held.getFirst();
      container.writeZeroes(
          block.oldFooterBytes(), FOOTER_BYTES, Zeroing.MAY_DEALLOCATE, Durability.WRITE_BACK);
      // One at a time: a block that is free may have another owner at the next attempt.
      held.removeFirst();
      oldFooters.remove(block.oldFooterBytes());
      free.add(block.sector());
    }
  }

  private long oldFooterIn(long sector) {
    long start = sector * SECTOR_BYTES;
    long end = (sector + geometry.blockSectors()) * SECTOR_BYTES;
    for (long at : oldFooters) {
      if (at + FOOTER_BYTES > start && at < end) {
        return at;
      }
    }
    return -1;
  }

  private void grow(long endBytes) throws IOException {
    long oldFooterAt = Footers.trailingOffset(container);
    long size = container.sizeBytes();
    long step = container.growthStepBytes();
    long wanted = Math.max(endBytes + FOOTER_BYTES, size + Math.min(size / 4, 64 * step));
    try {
      footer.grow(VhdLayout.roundUp(wanted, step), barrier);
    } finally {
      if (container.sizeBytes() > size) {
        oldFooters.add(oldFooterAt);
      }
    }
  }
}
