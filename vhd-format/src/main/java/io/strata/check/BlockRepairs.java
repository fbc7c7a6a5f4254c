// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import static io.strata.vhd.VhdLayout.SECTOR_BYTES;

import io.strata.vhd.VhdLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.Optional;
import java.util.function.Consumer;

/// Works out the steps that make the batmap, the bitmaps and the data of blocks agree, of an image
/// whose BAT is sound. Where batmap and bitmap differ, a map with the right checksum is believed: a
/// bit is set in it once the bitmap was complete, and readers ask it first.
final class BlockRepairs {
  /// Ranges to zero that one plan takes.
  private static final int MOST_ZEROED = 100_000;

  private final Subject subject;
  private final RawHeader header;
  private final BlockTable table;
  private final Optional<RawBatmap> batmap;
  private final long diskBytes;
  private final Consumer<RepairStep> steps;
  private final BlockCheck blocks;

  /// Blocks that a batmap to believe says are full.
  private final BitSet claimed;

  BlockRepairs(
      Subject subject,
      RawHeader header,
      ImageTables tables,
      long diskBytes,
      Consumer<RepairStep> steps)
      throws IOException {
    this.subject = subject;
    this.header = header;
    this.diskBytes = diskBytes;
    this.steps = steps;
    table = tables.table();
    batmap = tables.batmap();
    blocks = new BlockCheck(subject.container(), header.geometry());
    claimed =
        batmap.isPresent()
            ? BatmapCheck.run(subject.silent(), batmap.get(), tables.blocks())
            : new BitSet();
  }

  /// Sets the bits of blocks that are claimed to be full.
  void bitmaps() throws IOException {
    for (int i = 0; i < table.size(); i++) {
      int block = table.block(i);
      int sectors = BatmapCheck.sectorsOf(block, header, diskBytes);
      if (claimed.get(block)) {
        blocks.load(table.offsetBytes(i));
        if (blocks.presentSectors(sectors) < sectors) {
          byte[] before = blocks.bitmap();
          byte[] after = before.clone();
          for (int s = 0; s < sectors; s++) {
            after[s >>> 3] |= (byte) (0x80 >>> (s & 7));
          }
          steps.accept(
              new RepairStep.Write(
                  Fix.BITMAPS,
                  "Mark all sectors of block " + block + " as present, as the batmap says",
                  table.offsetBytes(i),
                  before,
                  after));
        }
      }
    }
  }

  /// Puts the map out of force while it is written: no sum of its bytes has the checksum 0.
  void batmap() throws IOException {
    if (batmap.isEmpty()) {
      return;
    }
    RawBatmap old = batmap.get();
    ByteBuffer map = ByteBuffer.allocate((int) old.mapSectors() * SECTOR_BYTES);
    for (int i = 0; i < table.size(); i++) {
      int block = table.block(i);
      int sectors = BatmapCheck.sectorsOf(block, header, diskBytes);
      blocks.load(table.offsetBytes(i));
      if (claimed.get(block) || blocks.presentSectors(sectors) == sectors) {
        RawBatmap.set(map, block);
      }
    }
    ByteBuffer found = old.map(subject);
    byte[] before = new byte[found.remaining()];
    found.get(found.position(), before);
    int checksum = old.checksum(map);
    if (!found.equals(map)) {
      header("Put the batmap out of force", old, 0);
      steps.accept(
          new RepairStep.Write(
              Fix.BATMAP,
              "Write the batmap as the bitmaps say",
              old.mapOffsetBytes(),
              before,
              map.array()));
    }
    if (!found.equals(map) || checksum != old.storedChecksum()) {
      header("Write the batmap's header with its checksum", old, checksum);
    }
  }

  private void header(String sentence, RawBatmap old, int checksum) throws IOException {
    byte[] before = subject.read(old.offsetBytes(), VhdLayout.BATMAP_HEADER_BYTES).array();
    ByteBuffer after = ByteBuffer.wrap(before.clone());
    after.putInt(VhdLayout.BATMAP_CHECKSUM_AT, checksum);
    steps.accept(
        new RepairStep.Write(Fix.BATMAP, sentence, old.offsetBytes(), before, after.array()));
  }

  /// Zeroes what no bit of a bitmap vouches for, except in blocks that are claimed to be full, and
  /// in those whose bitmap has no bit at all and may itself be what is lost.
  ///
  /// @return whether there is more than one plan takes
  boolean unusedSectors() throws IOException {
    int[] left = {MOST_ZEROED};
    for (int i = 0; i < table.size() && left[0] > 0; i++) {
      int block = table.block(i);
      blocks.load(table.offsetBytes(i));
      if (claimed.get(block) || blocks.presentSectors(header.geometry().sectorsPerBlock()) == 0) {
        continue;
      }
      blocks.unusedSectors(
          table.offsetBytes(i),
          (offset, length) -> {
            if (left[0]-- > 0) {
              steps.accept(
                  new RepairStep.Fill(
                      Fix.UNUSED_SECTORS,
                      "Zero sectors of block " + block + " that are not present",
                      offset,
                      length,
                      (byte) 0));
            }
          });
    }
    return left[0] <= 0;
  }
}
