// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static io.strata.vhd.VhdLayout.FOOTER_BYTES;
import static io.strata.vhd.VhdLayout.HEADER_BYTES;
import static io.strata.vhd.VhdLayout.SECTOR_BYTES;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.BlockDevice.Zeroing;
import io.strata.block.Container;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/// Changes of an image's metadata, on an image that is not open for writing.
///
/// Each takes effect by the write of one sector, so that a crash leaves the old state or the new
/// one, and each is durable when it returns. Repeating one does no harm.
public final class VhdEditor {

  private VhdEditor() {}

  /// Says whether the image is only a base of others.
  public static void setHidden(Container container, boolean hidden) throws IOException {
    VhdMetadata metadata = VhdMetadata.read(container);
    if (metadata.footer().hidden() != hidden || !metadata.trailingFooterValid()) {
      Footers.change(container, metadata, metadata.footer().withHidden(hidden));
    }
  }

  /// Makes the disk larger. New space reads as zeroes.
  ///
  /// A BAT that has no room for the new blocks is written anew at the end of the image, and the
  /// header is pointed to it.
  ///
  /// @param sizeBytes a multiple of 512, not below the present size
  public static void resize(Container container, long sizeBytes) throws IOException {
    VhdMetadata metadata = VhdMetadata.read(container);
    VhdFooter footer = metadata.footer();
    if (sizeBytes < footer.currentSizeBytes()
        || sizeBytes % SECTOR_BYTES != 0
        || sizeBytes > VhdLayout.LARGEST_DISK_BYTES) {
      throw new IllegalArgumentException(
          "a disk of " + footer.currentSizeBytes() + " bytes can't be resized to " + sizeBytes);
    }
    if (footer.type() == DiskType.FIXED) {
      FixedFooter.grow(container, metadata, sizeBytes);
      return;
    }
    if (sizeBytes > footer.currentSizeBytes()) {
      BeyondEnd.clear(container, metadata);
    }
    int entries = (int) Math.ceilDiv(sizeBytes, (long) metadata.dynamicHeader().blockBytes());
    if (entries > metadata.dynamicHeader().maxTableEntries()) {
      moveTable(container, metadata, entries);
    } else {
      clearEntries(container, metadata, entries);
    }
    Footers.change(container, metadata, footer.withSize(sizeBytes));
  }

  /// Gives an image another parent. The content that the two parents give it must be the same.
  ///
  /// @param newParent the parent's metadata
  /// @param newName the parent's file name, for other tools
  public static void relink(Container container, VhdInfo newParent, String newName)
      throws IOException {
    changeParent(container, Optional.of(newParent), newName);
  }

  /// Makes a differencing image independent. Its parents must give it nothing but zeroes.
  public static void unlink(Container container) throws IOException {
    changeParent(container, Optional.empty(), "");
  }

  private static void changeParent(Container container, Optional<VhdInfo> parent, String name)
      throws IOException {
    VhdMetadata metadata = VhdMetadata.read(container);
    if (metadata.footer().type() == DiskType.FIXED) {
      throw new IllegalArgumentException(container.location() + " is fixed: it has no parent");
    }
    long slot = HeaderSlots.unused(metadata, AllocationTable.load(container, metadata));
    long at = slot >= 0 ? slot : roomAtEnd(container, metadata, HeaderSlots.SLOT_BYTES);
    ParentChange.writeHeader(container, metadata, at, parent, name);
    Footers.change(container, metadata, ParentChange.footer(metadata.footer(), at, parent));
  }

  /// Not flushed at its end: a change of the footer makes durable first what came before it.
  private static void moveTable(Container container, VhdMetadata metadata, int entries)
      throws IOException {
    AllocationTable table = AllocationTable.load(container, metadata);
    long bytes = TableWriter.endBytes(0, entries);
    long at = roomAtEnd(container, metadata, bytes);
    TableWriter.write(
        container,
        at,
        entries,
        block -> block < table.blockCount() ? table.entry(block) : VhdLayout.UNALLOCATED);
    // Barrier: the new BAT is there before the header points to it.
    container.flush();
    long headerAt = metadata.footer().dataOffsetBytes();
    ByteBuffer header = Bytes.read(container, headerAt, HEADER_BYTES);
    DynamicHeader.moveTable(header, at, entries);
    // Only fields of the header's first sector differ: one sector is written, whole or not at all.
    container.write(headerAt, header.clear().limit(SECTOR_BYTES), Durability.WRITE_BACK);
  }

  /// Entries beyond the disk's old size may hold anything in images of other programs. Not flushed,
  /// as [#moveTable].
  private static void clearEntries(Container container, VhdMetadata metadata, int entries)
      throws IOException {
    int from = metadata.blockCount();
    if (from < entries) {
      ByteBuffer unallocated = ByteBuffer.allocate((entries - from) * Integer.BYTES);
      while (unallocated.hasRemaining()) {
        unallocated.putInt(VhdLayout.UNALLOCATED);
      }
      container.write(
          metadata.dynamicHeader().tableOffsetBytes() + (long) from * Integer.BYTES,
          unallocated.flip(),
          Durability.WRITE_BACK);
    }
  }

  /// Zeroed room after everything the image holds, with a durable footer after it.
  private static long roomAtEnd(Container container, VhdMetadata metadata, long bytes)
      throws IOException {
    long at =
        VhdLayout.roundUp(
            ImageEnd.bytes(metadata, AllocationTable.load(container, metadata)),
            VhdLayout.PAGE_BYTES);
    long end = VhdLayout.roundUp(at + bytes, VhdLayout.PAGE_BYTES);
    if (end > Footers.trailingOffset(container)) {
      LeafFooter footer = LeafFooter.open(container, metadata);
      footer.grow(
          VhdLayout.roundUp(end + FOOTER_BYTES, container.growthStepBytes()), container::flush);
      // Barrier: a footer is at the new end before the old one is overwritten.
      container.flush();
    }
    container.writeZeroes(at, end - at, Zeroing.MAY_DEALLOCATE, Durability.WRITE_BACK);
    return at;
  }
}
