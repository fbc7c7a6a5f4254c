// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import io.strata.vhd.VhdLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The parts of an image by their places: footers, header, BAT and batmap, the blocks, and the
/// locators as they are added. A look-up takes O(log n) in the number of blocks.
final class Parts {
  /// The name of the footer at the end, where it is a valid one.
  static final String END = "footer at the end";

  private static final String BATMAP_HEADER = "batmap's header";
  private static final String BATMAP = "batmap";

  private final List<TableCheck.Region> regions = new ArrayList<>();
  private final RawHeader header;
  private final Optional<BlockTable> blocks;

  private Parts(RawHeader header, Optional<BlockTable> blocks) {
    this.header = header;
    this.blocks = blocks;
  }

  /// @param blocks of a BAT that can be read
  /// @param batmap where it is one to believe
  static Parts of(
      Subject subject,
      RawFooters footers,
      RawHeader header,
      Optional<BlockTable> blocks,
      Optional<RawBatmap> batmap) {
    Parts parts = new Parts(header, blocks);
    if (footers.end().valid()) {
      parts.add(END, footers.end().offsetBytes(), subject.sizeBytes());
    }
    parts.regions.addAll(TableCheck.regions(header));
    batmap.ifPresent(parts::add);
    return parts;
  }

  /// Adds the locators in use, with all the space that they take.
  void addLocators() {
    for (int i = 0; i < VhdLayout.HEADER_LOCATORS; i++) {
      RawHeader.Locator locator = header.locator(i);
      if (locator.used()) {
        add(
            "parent locator " + i,
            locator.offsetBytes(),
            locator.offsetBytes() + locator.takenBytes());
      }
    }
  }

  private void add(RawBatmap batmap) {
    long at = batmap.offsetBytes();
    add(BATMAP_HEADER, at, at + VhdLayout.BATMAP_HEADER_BYTES);
    add(BATMAP, batmap.mapOffsetBytes(), batmap.endBytes());
  }

  /// Adds a part, which lies anywhere.
  void add(String what, long startBytes, long endBytes) {
    regions.add(new TableCheck.Region(what, startBytes, endBytes));
  }

  /// What lies within `[startBytes, endBytes)`, if something does: the footer at the end, which has
  /// its copy, where it is nothing else.
  Optional<String> within(long startBytes, long endBytes) {
    List<String> found =
        regions.stream()
            .filter(part -> startBytes < part.endBytes() && part.startBytes() < endBytes)
            .map(TableCheck.Region::what)
            .toList();
    return found.stream()
        .filter(what -> !what.equals(END))
        .findFirst()
        .or(() ->
            blocks
                .flatMap(table -> table.blockOn(startBytes, endBytes, header))
                .map(block -> "block " + block))
        .or(() -> found.stream().findFirst());
  }

  /// Looks for parts that share bytes, beside the blocks and the locators, which have their own
  /// findings; and so has a BAT that can't be read.
  void overlaps(Subject subject) {
    for (int i = 0; blocks.isPresent() && i < regions.size(); i++) {
      for (TableCheck.Region other : regions.subList(0, i)) {
        TableCheck.Region part = regions.get(i);
        if (part.startBytes() < other.endBytes() && other.startBytes() < part.endBytes()) {
          subject.add(
              new HeaderFinding.PartsOverlap(
                  subject.at(Math.max(part.startBytes(), other.startBytes())),
                  part.what(),
                  other.what(),
                  severity(part, other)));
        }
      }
    }
  }

  /// The batmap follows from the bitmaps, and the footer has its copy.
  private static Severity severity(TableCheck.Region part, TableCheck.Region other) {
    boolean derived = part.what().equals(BATMAP) || part.what().equals(BATMAP_HEADER);
    return derived && other.what().equals(END) ? Severity.WARNING : Severity.ERROR;
  }
}
