// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import static io.strata.vhd.VhdLayout.SECTOR_BYTES;

import io.strata.vhd.BlockGeometry;
import io.strata.vhd.VhdLayout;
import java.io.IOException;
import java.util.List;

/// Checks the BAT: each block within the image, and apart from its metadata and the other blocks,
/// in O(n log n).
final class TableCheck {
  /// Entries beyond the disk that are looked at.
  private static final long MOST_BEYOND = 1 << 22;

  private final Subject subject;
  private final RawHeader header;
  private final BlockGeometry geometry;
  private final List<Region> metadata;
  private final long lastSector;
  private final long mostBlocks;
  private final BlockTable table = new BlockTable();
  private boolean toldTooLarge;

  /// A part of the image that no block may lie on.
  ///
  /// @param endBytes first byte after it
  record Region(String what, long startBytes, long endBytes) {}

  /// @param contentEndBytes end of what blocks may take: the trailing footer, or the image's end
  TableCheck(Subject subject, RawHeader header, List<Region> metadata, long contentEndBytes) {
    this.subject = subject;
    this.header = header;
    this.metadata = metadata;
    geometry = header.geometry();
    lastSector = contentEndBytes / SECTOR_BYTES - geometry.blockSectors();
    mostBlocks = Math.max(0, contentEndBytes / SECTOR_BYTES / geometry.blockSectors());
  }

  BlockTable run(int blockCount) throws IOException {
    long tableAt = header.tableOffsetBytes();
    BlockTable.forEach(
        subject,
        tableAt,
        0,
        blockCount,
        (index, sector) -> {
          entry((int) index, sector);
          return !hopeless();
        });
    BlockTable.forEach(
        subject, tableAt, blockCount, lookedAt(header, blockCount), this::beyondDisk);
    if (table.allocated() > mostBlocks) {
      table.unsound();
      subject.add(
          new TableFinding.TooManyEntries(subject.at(tableAt), table.allocated(), mostBlocks));
    }
    table.sort();
    overlaps();
    return table;
  }

  /// Whether there are more blocks than the image has room for, and findings than are kept: a
  /// sparse image of nothing but entries must not take time for each of them.
  private boolean hopeless() {
    return table.allocated() > mostBlocks && subject.findings().full();
  }

  private void entry(int block, long sector) {
    table.countAllocated();
    if (sector > lastSector) {
      table.unsound();
      subject.add(new TableFinding.EntryOutside(where(block), sector, Math.max(0, lastSector)));
      return;
    }
    long start = sector * SECTOR_BYTES;
    long end = start + (long) geometry.blockSectors() * SECTOR_BYTES;
    for (Region region : metadata) {
      if (start < region.endBytes() && region.startBytes() < end) {
        table.unsound();
        subject.add(new TableFinding.EntryOnMetadata(where(block), sector, region.what()));
        return;
      }
    }
    if (table.size() == BlockTable.MOST_BLOCKS) {
      tooLarge(block);
    } else if (table.size() <= mostBlocks) {
      table.add(block, sector);
    }
  }

  private void tooLarge(int block) {
    table.unsound();
    if (!toldTooLarge) {
      toldTooLarge = true;
      subject.add(new TableFinding.TableTooLarge(where(block), BlockTable.MOST_BLOCKS));
    }
  }

  private boolean beyondDisk(long index, long sector) {
    subject.add(new TableFinding.EntryBeyondDisk(where((int) index), sector));
    return true;
  }

  private void overlaps() {
    for (int i = 1; i < table.size(); i++) {
      if (table.sector(i) - table.sector(i - 1) < geometry.blockSectors()) {
        table.unsound();
        subject.add(
            new TableFinding.EntriesOverlap(
                where(table.block(i)), table.sector(i), table.block(i - 1), table.sector(i - 1)));
      }
    }
  }

  private Where where(int block) {
    return subject.block(header.tableOffsetBytes() + (long) block * Integer.BYTES, block);
  }

  /// First entry beyond those that are looked at.
  static long lookedAt(RawHeader header, int blockCount) {
    return Math.min(header.entries(), blockCount + MOST_BEYOND);
  }

  /// The footer's copy, the header and the BAT.
  static List<Region> regions(RawHeader header) {
    return List.of(
        new Region("footer's copy", 0, VhdLayout.FOOTER_BYTES),
        new Region("header", header.offsetBytes(), header.offsetBytes() + VhdLayout.HEADER_BYTES),
        new Region(
            "BAT", header.tableOffsetBytes(), header.tableOffsetBytes() + header.tableBytes()));
  }
}
