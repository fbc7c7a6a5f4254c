// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static io.strata.vhd.VhdLayout.FOOTER_BYTES;
import static io.strata.vhd.VhdLayout.HEADER_BYTES;
import static io.strata.vhd.VhdLayout.SECTOR_BYTES;

/// The two places where an image of ours can keep its dynamic header and its parent locators. A new
/// parent is written to the place that is not in use; then the footer's data offset, a single
/// sector, is turned to it.
final class HeaderSlots {
  /// Space of one locator's path.
  static final int LOCATOR_SPACE_BYTES = 1024;

  /// Locators that are written.
  static final int LOCATORS = 3;

  /// A header and its locators' paths.
  static final int SLOT_BYTES = HEADER_BYTES + LOCATORS * LOCATOR_SPACE_BYTES;

  static final long FIRST_AT = FOOTER_BYTES;
  static final long SECOND_AT = FIRST_AT + SLOT_BYTES;

  /// First byte after both, where the BAT of a new image begins, on a page.
  static final long END = VhdLayout.roundUp(SECOND_AT + SLOT_BYTES, VhdLayout.PAGE_BYTES);

  private HeaderSlots() {}

  /// The slot that is not in use; -1 where the image has other things there, as images of other
  /// programs do.
  static long unused(VhdMetadata metadata, AllocationTable table) {
    long inUse = metadata.footer().dataOffsetBytes();
    long other = inUse == FIRST_AT ? SECOND_AT : FIRST_AT;
    if (inUse != FIRST_AT && inUse != SECOND_AT) {
      return -1;
    }
    DynamicHeader header = metadata.dynamicHeader();
    boolean taken = overlaps(other, header.tableOffsetBytes(), metadata.tableEndBytes());
    for (ParentLocator locator : header.locators()) {
      long at = locator.dataOffsetBytes();
      taken |= locator.used() && overlaps(other, at, at + locator.spaceBytes());
    }
    long lowest = table.lowestSector();
    taken |= lowest >= 0 && lowest * SECTOR_BYTES < other + SLOT_BYTES;
    return taken ? -1 : other;
  }

  private static boolean overlaps(long slot, long start, long end) {
    return start < slot + SLOT_BYTES && slot < end;
  }
}
