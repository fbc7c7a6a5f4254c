// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static io.strata.vhd.VhdLayout.DEFAULT_BLOCK_BYTES;
import static io.strata.vhd.VhdLayout.FOOTER_BYTES;
import static io.strata.vhd.VhdLayout.HEADER_BYTES;
import static io.strata.vhd.VhdLayout.SECTOR_BYTES;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.BlockDevice.Zeroing;
import io.strata.block.Container;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;

/// Makes new images in empty containers. What each method made is durable when it returns: a
/// dynamic or differencing image by its footer at the end, and by the authoritative one after the
/// next flush, which must come before the image is made to grow.
///
/// Layout of dynamic and differencing images:
///
/// | offset | what |
/// |---|---|
/// | 0 | copy of the footer (the authoritative one) |
/// | 512 | dynamic header |
/// | 1536 | data of up to three parent locators, 1 KiB each |
/// | 4608 | room for another header and its locators ([HeaderSlots]) |
/// | 12288 | BAT, then batmap header and batmap |
/// | ... | blocks, with their data at multiples of 4 KiB |
/// | end - 512 | footer |
///
/// A gap stays before the footer, so that a disk grows in large steps. A dynamic image gets its
/// first block at once, with nothing in it: qemu places new blocks after the last one, and straight
/// over the batmap where there is none.
public final class VhdCreator {
  private static final long HEADER_AT = HeaderSlots.FIRST_AT;
  private static final long TABLE_AT = HeaderSlots.END;
  private static final int[] PLATFORMS = {
    ParentLocator.MACX, ParentLocator.W2KU, ParentLocator.W2RU
  };

  private VhdCreator() {}

  /// A fixed image that reads as zeroes.
  public static void fixed(Container container, UUID uuid, long sizeBytes) throws IOException {
    checkSize(sizeBytes);
    container.ensureCapacity(sizeBytes + FOOTER_BYTES);
    Footers.writeTrailing(container, VhdFooter.create(DiskType.FIXED, uuid, sizeBytes, 0, now()));
    container.flush();
  }

  /// A dynamic image that reads as zeroes.
  public static void dynamic(Container container, UUID uuid, long sizeBytes) throws IOException {
    dynamic(container, uuid, sizeBytes, DEFAULT_BLOCK_BYTES);
  }

  static void dynamic(Container container, UUID uuid, long sizeBytes, int blockBytes)
      throws IOException {
    checkSize(sizeBytes);
    DynamicHeader header =
        header(
            sizeBytes,
            blockBytes,
            DynamicHeader.NO_PARENT,
            0,
            "",
            Collections.nCopies(8, ParentLocator.NONE));
    write(
        container,
        VhdFooter.create(DiskType.DYNAMIC, uuid, sizeBytes, HEADER_AT, now()),
        header,
        true);
  }

  /// A differencing image over a parent, which it names by UUID; reads as the parent.
  ///
  /// @param parent a VHD that does not change from now on
  /// @param parentName the parent's file name, for other tools
  public static void differencing(Container child, UUID uuid, Container parent, String parentName)
      throws IOException {
    VhdInfo info = VhdInfo.read(parent);
    differencing(child, uuid, info, parentName);
  }

  static void differencing(Container child, UUID uuid, VhdInfo parent, String parentName)
      throws IOException {
    int blockBytes = parent.blockBytes() == 0 ? DEFAULT_BLOCK_BYTES : parent.blockBytes();
    differencing(
        child, uuid, parent.sizeBytes(), blockBytes, parent.uuid(), parent.timestamp(), parentName);
  }

  /// A differencing image over a parent that is not at hand: one that was sent elsewhere before.
  ///
  /// @param sizeBytes the disk's size, which may be larger than the parent's
  static void differencing(
      Container child, UUID uuid, long sizeBytes, UUID parent, String parentName)
      throws IOException {
    checkSize(sizeBytes);
    differencing(child, uuid, sizeBytes, DEFAULT_BLOCK_BYTES, parent, now(), parentName);
  }

  private static void differencing(
      Container child,
      UUID uuid,
      long sizeBytes,
      int blockBytes,
      UUID parent,
      int parentTimestamp,
      String parentName)
      throws IOException {
    List<ParentLocator> locators = writeLocators(child, HEADER_AT + HEADER_BYTES, parentName);
    DynamicHeader header =
        header(sizeBytes, blockBytes, parent, parentTimestamp, parentName, locators);
    write(
        child,
        VhdFooter.create(DiskType.DIFFERENCING, uuid, sizeBytes, HEADER_AT, now()),
        header,
        false);
  }

  /// Bytes that locators written by [#writeLocators] take.
  static int locatorsBytes() {
    return PLATFORMS.length * HeaderSlots.LOCATOR_SPACE_BYTES;
  }

  /// Writes the locators' paths from `atBytes` on and returns the eight entries. Not flushed.
  static List<ParentLocator> writeLocators(Container container, long atBytes, String parentName)
      throws IOException {
    container.ensureCapacity(atBytes + locatorsBytes());
    List<ParentLocator> locators = new ArrayList<>();
    for (int i = 0; i < PLATFORMS.length; i++) {
      byte[] path = ParentLocator.pathBytes(PLATFORMS[i], parentName);
      long at = atBytes + (long) i * HeaderSlots.LOCATOR_SPACE_BYTES;
      ByteBuffer space = ByteBuffer.allocate(HeaderSlots.LOCATOR_SPACE_BYTES).put(path).clear();
      container.write(at, space, Durability.WRITE_BACK);
      locators.add(
          new ParentLocator(PLATFORMS[i], HeaderSlots.LOCATOR_SPACE_BYTES, path.length, at));
    }
    while (locators.size() < VhdLayout.HEADER_LOCATORS) {
      locators.add(ParentLocator.NONE);
    }
    return locators;
  }

  private static DynamicHeader header(
      long sizeBytes,
      int blockBytes,
      UUID parent,
      int parentTimestamp,
      String parentName,
      List<ParentLocator> locators) {
    int entries = (int) Math.ceilDiv(sizeBytes, (long) blockBytes);
    return new DynamicHeader(
        TABLE_AT, entries, blockBytes, parent, parentTimestamp, parentName, locators);
  }

  /// Writes all of an image but its data. It is durable by its footer at the end; the copy at
  /// offset 0 is after the next flush.
  private static void write(
      Container container, VhdFooter footer, DynamicHeader header, boolean firstBlock)
      throws IOException {
    BlockGeometry geometry = new BlockGeometry(header.blockBytes());
    int entries = header.maxTableEntries();
    long tableEnd = TableWriter.endBytes(header.tableOffsetBytes(), entries);
    long firstBlockSector = geometry.alignBlockSector(Math.ceilDiv(tableEnd, (long) SECTOR_BYTES));
    long end = (firstBlockSector + geometry.strideSectors()) * SECTOR_BYTES + FOOTER_BYTES;
    container.ensureCapacity(VhdLayout.roundUp(end, container.growthStepBytes()));
    container.writeZeroes(
        tableEnd, container.sizeBytes() - tableEnd, Zeroing.MAY_DEALLOCATE, Durability.WRITE_BACK);
    TableWriter.write(
        container,
        header.tableOffsetBytes(),
        entries,
        block -> block == 0 && firstBlock ? (int) firstBlockSector : VhdLayout.UNALLOCATED);
    container.write(HEADER_AT, header.toBytes(), Durability.WRITE_BACK);
    Footers.writeTrailing(container, footer);
    // Barrier: the image is whole by its footer at the end before the authoritative one is there.
    container.flush();
    container.write(0, footer.toBytes(), Durability.WRITE_BACK);
  }

  private static void checkSize(long sizeBytes) {
    if (sizeBytes <= 0
        || sizeBytes % SECTOR_BYTES != 0
        || sizeBytes > VhdLayout.LARGEST_DISK_BYTES) {
      throw new IllegalArgumentException(
          "a VHD's size is a multiple of 512 up to "
              + VhdLayout.LARGEST_DISK_BYTES
              + " bytes (2040 GiB), not "
              + sizeBytes);
    }
  }

  private static int now() {
    return (int) (Clock.systemUTC().instant().getEpochSecond() - VhdLayout.EPOCH_2000_SECONDS);
  }
}
