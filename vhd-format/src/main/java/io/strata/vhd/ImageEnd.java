// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static io.strata.vhd.VhdLayout.SECTOR_BYTES;

/// Where the content of an image that is not fixed ends, and room for more begins.
final class ImageEnd {
  private ImageEnd() {}

  /// First byte after the metadata and the last block.
  static long bytes(VhdMetadata metadata, AllocationTable table) {
    DynamicHeader header = metadata.dynamicHeader();
    long end =
        Math.max(
            metadata.tableEndBytes(), metadata.footer().dataOffsetBytes() + VhdLayout.HEADER_BYTES);
    for (ParentLocator locator : header.locators()) {
      // Only the locators of an image with a parent were found to lie within the image.
      if (locator.used() && metadata.footer().type() == DiskType.DIFFERENCING) {
        long space = Math.max(locator.spaceBytes(), locator.dataLengthBytes());
        end = Math.max(end, locator.dataOffsetBytes() + space);
      }
    }
    long highest = table.highestSector();
    if (highest >= 0) {
      int blockSectors = new BlockGeometry(header.blockBytes()).blockSectors();
      end = Math.max(end, (highest + blockSectors) * SECTOR_BYTES);
    }
    return end;
  }
}
