// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static io.strata.vhd.VhdLayout.HEADER_BYTES;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.Container;
import java.io.IOException;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/// Gives an image another parent, or none: a new header is written beside the one in force, and the
/// footer is turned to it, which is one sector. A crash leaves the old parent or the new one.
final class ParentChange {
  private ParentChange() {}

  /// Writes the new header with its locators. Not flushed; nothing points to it yet.
  ///
  /// @param at where: [HeaderSlots#SLOT_BYTES] bytes that nothing else uses
  static DynamicHeader writeHeader(
      Container container, VhdMetadata metadata, long at, Optional<VhdInfo> parent, String name)
      throws IOException {
    DynamicHeader old = metadata.dynamicHeader();
    List<ParentLocator> locators =
        parent.isPresent()
            ? VhdCreator.writeLocators(container, at + HEADER_BYTES, name)
            : Collections.nCopies(VhdLayout.HEADER_LOCATORS, ParentLocator.NONE);
    DynamicHeader changed =
        new DynamicHeader(
            old.tableOffsetBytes(),
            old.maxTableEntries(),
            old.blockBytes(),
            parent.map(VhdInfo::uuid).orElse(DynamicHeader.NO_PARENT),
            parent.map(VhdInfo::timestamp).orElse(0),
            name,
            locators);
    container.write(at, changed.toBytes(), Durability.WRITE_BACK);
    return changed;
  }

  /// The footer that puts the header at `at` in force.
  static VhdFooter footer(VhdFooter old, long at, Optional<VhdInfo> parent) {
    return old.withDataOffset(at)
        .withType(parent.isPresent() ? DiskType.DIFFERENCING : DiskType.DYNAMIC);
  }
}
