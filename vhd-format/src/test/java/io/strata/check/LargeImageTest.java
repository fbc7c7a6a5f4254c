// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.FileContainer;
import io.strata.vhd.Checksums;
import io.strata.vhd.VhdCreator;
import io.strata.vhd.VhdInfo;
import io.strata.vhd.VhdLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A fully allocated image of 256 GiB: 131,072 blocks, sparse on disk.
///
/// A check that compared each block with each other would run into the timeout.
@Timeout(120)
final class LargeImageTest {
  private static final int BLOCKS = 131_072;

  /// Blocks that are full and in the batmap; the others' bitmaps are holes, to spare the disk.
  private static final int FULL_BLOCKS = 2048;

  private static final int STRIDE_SECTORS = 4104;

  @TempDir Path folder;

  @Test
  void fullyAllocatedImageIsCheckedInLinearTime() throws IOException {
    Path file = folder.resolve("full.vhd");
    create(file);
    try (FileContainer image = FileContainer.openReadWrite(file)) {
      CheckReport report = VhdChecker.check(image, CheckOptions.standard());
      assertThat(report.allocatedBlocks()).isEqualTo(BLOCKS);
      assertThat(report.findings()).isEmpty();
      long table = VhdInfo.read(image).tableOffsetBytes();
      ByteBuffer other = ByteBuffer.allocate(4);
      image.read(table + 4L * (FULL_BLOCKS - 1), other);
      image.write(table, other.flip(), Durability.WRITE_BACK);
      assertThat(VhdChecker.check(image, CheckOptions.standard()).findings())
          .singleElement()
          .isInstanceOf(TableFinding.EntriesOverlap.class);
    }
  }

  /// A BAT of small blocks can name more than there is memory for.
  @Test
  void moreBlocksThanAreComparedAreAFinding() throws IOException {
    int blocks = BlockTable.MOST_BLOCKS + 1000;
    try (FileContainer image = FileContainer.create(folder.resolve("many.vhd"))) {
      VhdCreator.dynamic(image, UUID.randomUUID(), (long) blocks << 16);
      ByteBuffer footer = Images.read(image, 0, VhdLayout.FOOTER_BYTES);
      long header = Images.headerAt(image);
      Images.putInt(image, header + VhdLayout.HEADER_BLOCK_SIZE_AT, 1 << 16);
      Images.putInt(image, header + VhdLayout.HEADER_MAX_ENTRIES_AT, blocks);
      Images.sealHeader(image);
      long table = Images.tableAt(image);
      long at = table / 512 + blocks / 128 + 1;
      image.ensureCapacity((at + 129L * blocks) * 512 + VhdLayout.FOOTER_BYTES);
      Images.write(image, image.sizeBytes() - VhdLayout.FOOTER_BYTES, footer);
      int block = 0;
      while (block < blocks) {
        ByteBuffer chunk = ByteBuffer.allocate(4 * Math.min(1 << 18, blocks - block));
        while (chunk.hasRemaining()) {
          chunk.putInt((int) (at + 129L * block++));
        }
        Images.write(image, table + 4L * block - chunk.limit(), chunk.flip());
      }
      CheckReport report = VhdChecker.check(image, CheckOptions.standard());
      assertThat(report.allocatedBlocks()).isEqualTo(blocks);
      assertThat(report.findings())
          .filteredOn(TableFinding.class::isInstance)
          .singleElement()
          .isInstanceOf(TableFinding.TableTooLarge.class);
    }
  }

  private static void create(Path file) throws IOException {
    try (FileContainer image = FileContainer.create(file)) {
      VhdCreator.dynamic(image, UUID.randomUUID(), 256L << 30);
      VhdInfo info = VhdInfo.read(image);
      ByteBuffer first = ByteBuffer.allocate(4);
      image.read(info.tableOffsetBytes(), first);
      long firstSector = Integer.toUnsignedLong(first.getInt(0));
      ByteBuffer footer = ByteBuffer.allocate(VhdLayout.FOOTER_BYTES);
      image.read(0, footer);
      image.ensureCapacity((firstSector + (long) BLOCKS * STRIDE_SECTORS) * 512 + 512);
      image.write(image.sizeBytes() - VhdLayout.FOOTER_BYTES, footer.flip(), Durability.WRITE_BACK);
      ByteBuffer table = ByteBuffer.allocate(4 * BLOCKS);
      byte[] full = new byte[512];
      java.util.Arrays.fill(full, (byte) 0xFF);
      for (int block = 0; block < BLOCKS; block++) {
        long sector = firstSector + (long) block * STRIDE_SECTORS;
        table.putInt((int) sector);
        if (block < FULL_BLOCKS) {
          image.write(sector * 512, ByteBuffer.wrap(full), Durability.WRITE_BACK);
        }
      }
      image.write(info.tableOffsetBytes(), table.flip(), Durability.WRITE_BACK);
      claimFull(image, info.tableOffsetBytes() + 4L * BLOCKS);
    }
  }

  private static void claimFull(FileContainer image, long batmapAt) throws IOException {
    ByteBuffer header = ByteBuffer.allocate(VhdLayout.BATMAP_HEADER_BYTES);
    image.read(batmapAt, header);
    byte[] map = new byte[header.getInt(VhdLayout.BATMAP_SECTORS_AT) * 512];
    java.util.Arrays.fill(map, 0, FULL_BLOCKS / 8, (byte) 0xFF);
    image.write(
        header.getLong(VhdLayout.BATMAP_OFFSET_AT), ByteBuffer.wrap(map), Durability.WRITE_BACK);
    header.putInt(
        VhdLayout.BATMAP_CHECKSUM_AT, Checksums.of(ByteBuffer.wrap(map), 0, map.length, -1));
    image.write(batmapAt, header.flip(), Durability.WRITE_BACK);
  }
}
