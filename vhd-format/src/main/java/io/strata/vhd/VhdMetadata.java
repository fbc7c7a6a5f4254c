// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static io.strata.vhd.VhdLayout.FOOTER_BYTES;
import static io.strata.vhd.VhdLayout.HEADER_BYTES;
import static io.strata.vhd.VhdLayout.SECTOR_BYTES;
import static io.strata.vhd.VhdLayout.SHORT_FOOTER_BYTES;

import io.strata.block.Container;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Footer and header of an image, read and validated together: whatever is here is within bounds.
///
/// A fixed image's footer is at the end, unless its growth was interrupted. A dynamic image's copy
/// at offset 0 is authoritative: the one at the end is written after it, and is missing where a
/// writer died.
///
/// @param footer the authoritative footer
/// @param header the dynamic header; null in fixed images
/// @param batmap the batmap's header, where the image has one in bounds
/// @param trailingFooterValid whether the footer at the end is there and the same
record VhdMetadata(
    VhdFooter footer,
    @Nullable DynamicHeader header,
    Optional<BatmapHeader> batmap,
    boolean trailingFooterValid) {

  static VhdMetadata read(Container container) throws IOException {
    String location = container.location();
    long size = container.sizeBytes();
    if (size < SHORT_FOOTER_BYTES) {
      throw new VhdCorruptException(location, 0, "a VHD of at least 511 bytes", size + " bytes");
    }
    Footers footers = Footers.read(container);
    VhdFooter footer = footers.authoritative(location);
    checkSize(location, footer);
    if (footer.type() == DiskType.FIXED) {
      if (footer.currentSizeBytes() > size - SHORT_FOOTER_BYTES) {
        throw new VhdCorruptException(
            location,
            size - FOOTER_BYTES + VhdLayout.FOOTER_CURRENT_SIZE_AT,
            "a size of at most " + (size - FOOTER_BYTES) + ", the bytes before the footer",
            Long.toString(footer.currentSizeBytes()));
      }
      return new VhdMetadata(footer, null, Optional.empty(), footers.trailing().isPresent());
    }
    DynamicHeader header = readHeader(container, footer);
    return new VhdMetadata(footer, header, readBatmap(container, header), footers.trailingSame());
  }

  /// The header of an image that is not fixed.
  DynamicHeader dynamicHeader() {
    if (header == null) {
      throw new IllegalStateException("a fixed image has no header");
    }
    return header;
  }

  /// Blocks that the disk's size needs.
  int blockCount() {
    return (int) Math.ceilDiv(footer.currentSizeBytes(), (long) dynamicHeader().blockBytes());
  }

  /// Bytes of the BAT on disk, padded to a sector.
  long tableBytes() {
    return tableBytes(dynamicHeader().maxTableEntries());
  }

  static long tableBytes(int entries) {
    return VhdLayout.roundUp((long) entries * Integer.BYTES, SECTOR_BYTES);
  }

  /// First byte after the BAT and the batmap.
  long tableEndBytes() {
    long end = dynamicHeader().tableOffsetBytes() + tableBytes();
    return batmap
        .map(b -> Math.max(end, b.mapOffsetBytes() + (long) b.mapSectors() * SECTOR_BYTES))
        .orElse(end);
  }

  Optional<ParentLink> parent(Container container) throws IOException {
    if (footer.type() != DiskType.DIFFERENCING) {
      return Optional.empty();
    }
    DynamicHeader dynamic = dynamicHeader();
    List<String> paths = new ArrayList<>();
    for (ParentLocator locator : dynamic.locators()) {
      if (locator.used()) {
        ByteBuffer bytes =
            Bytes.read(container, locator.dataOffsetBytes(), locator.dataLengthBytes());
        paths.add(locator.platform() + ":" + locator.charset().decode(bytes));
      }
    }
    return Optional.of(
        new ParentLink(
            dynamic.parentUuid(), dynamic.parentTimestamp(), dynamic.parentName(), paths));
  }

  private static void checkSize(String location, VhdFooter footer) throws VhdCorruptException {
    long size = footer.currentSizeBytes();
    if (size <= 0 || size % SECTOR_BYTES != 0 || size > VhdLayout.LARGEST_DISK_BYTES) {
      throw new VhdCorruptException(
          location,
          VhdLayout.FOOTER_CURRENT_SIZE_AT,
          "a size of whole sectors up to " + VhdLayout.LARGEST_DISK_BYTES + " bytes (2040 GiB)",
          Long.toUnsignedString(size));
    }
  }

  private static DynamicHeader readHeader(Container container, VhdFooter footer)
      throws IOException {
    String location = container.location();
    long size = container.sizeBytes();
    long at = footer.dataOffsetBytes();
    if (at < FOOTER_BYTES || at > size - HEADER_BYTES || at % SECTOR_BYTES != 0) {
      throw new VhdCorruptException(
          location,
          VhdLayout.FOOTER_DATA_OFFSET_AT,
          "the dynamic header at a sector from 512 to " + (size - HEADER_BYTES),
          Long.toUnsignedString(at));
    }
    DynamicHeader header =
        DynamicHeader.parse(Bytes.read(container, at, HEADER_BYTES), 0, location, at);
    checkBlockSize(location, at, header.blockBytes());
    long entries = Integer.toUnsignedLong(header.maxTableEntries());
    long needed = Math.ceilDiv(footer.currentSizeBytes(), (long) header.blockBytes());
    if (entries < needed) {
      throw new VhdCorruptException(
          location,
          at + VhdLayout.HEADER_MAX_ENTRIES_AT,
          "at least " + needed + " BAT entries for " + footer.currentSizeBytes() + " bytes",
          Long.toString(entries));
    }
    if (entries > VhdLayout.MOST_TABLE_ENTRIES) {
      throw new VhdCorruptException(
          location,
          at + VhdLayout.HEADER_MAX_ENTRIES_AT,
          "at most " + VhdLayout.MOST_TABLE_ENTRIES + " BAT entries",
          Long.toString(entries));
    }
    long table = header.tableOffsetBytes();
    if (table < FOOTER_BYTES
        || table % SECTOR_BYTES != 0
        || entries * Integer.BYTES > size
        || table > size - entries * Integer.BYTES
        || (table < at + HEADER_BYTES && at < table + entries * Integer.BYTES)) {
      throw new VhdCorruptException(
          location,
          at + VhdLayout.HEADER_TABLE_OFFSET_AT,
          "a BAT of " + entries + " entries between the header and the end at byte " + size,
          "BAT offset " + Long.toUnsignedString(table));
    }
    if (footer.type() == DiskType.DIFFERENCING) {
      checkLocators(container, at, header);
    }
    return header;
  }

  private static void checkBlockSize(String location, long headerAt, int blockBytes)
      throws VhdCorruptException {
    if (blockBytes < VhdLayout.SMALLEST_BLOCK_BYTES
        || blockBytes > VhdLayout.LARGEST_BLOCK_BYTES
        || Integer.bitCount(blockBytes) != 1) {
      throw new VhdCorruptException(
          location,
          headerAt + VhdLayout.HEADER_BLOCK_SIZE_AT,
          "a block size that is a power of two from 4096 to 268435456",
          Integer.toUnsignedString(blockBytes));
    }
  }

  private static void checkLocators(Container container, long headerAt, DynamicHeader header)
      throws VhdCorruptException {
    for (int i = 0; i < header.locators().size(); i++) {
      ParentLocator locator = header.locators().get(i);
      if (!locator.used()) {
        continue;
      }
      long at = headerAt + VhdLayout.HEADER_LOCATORS_AT + (long) i * VhdLayout.LOCATOR_BYTES;
      long length = Integer.toUnsignedLong(locator.dataLengthBytes());
      if (length > VhdLayout.LONGEST_LOCATOR_BYTES) {
        throw new VhdCorruptException(
            container.location(),
            at + VhdLayout.LOCATOR_LENGTH_AT,
            "a parent locator of at most " + VhdLayout.LONGEST_LOCATOR_BYTES + " bytes",
            Long.toString(length));
      }
      long offset = locator.dataOffsetBytes();
      if (offset < 0 || offset > container.sizeBytes() - length) {
        throw new VhdCorruptException(
            container.location(),
            at + VhdLayout.LOCATOR_OFFSET_AT,
            "a parent locator within the " + container.sizeBytes() + " bytes of the image",
            "offset " + Long.toUnsignedString(offset) + ", length " + length);
      }
    }
  }

  private static Optional<BatmapHeader> readBatmap(Container container, DynamicHeader header)
      throws IOException {
    long at = header.tableOffsetBytes() + tableBytes(header.maxTableEntries());
    long size = container.sizeBytes();
    if (at > size - VhdLayout.BATMAP_HEADER_BYTES) {
      return Optional.empty();
    }
    ByteBuffer bytes = Bytes.read(container, at, VhdLayout.BATMAP_HEADER_BYTES);
    return BatmapHeader.parse(bytes, 0)
        .filter(b -> b.mapSectors() >= BatmapHeader.sectorsFor(header.maxTableEntries()))
        .filter(b -> b.mapSectors() <= BatmapHeader.mostSectorsFor(header.maxTableEntries()))
        .filter(b -> b.mapOffsetBytes() >= at + VhdLayout.BATMAP_HEADER_BYTES)
        .filter(b -> b.mapOffsetBytes() % SECTOR_BYTES == 0)
        .filter(b -> b.mapOffsetBytes() <= size - (long) b.mapSectors() * SECTOR_BYTES);
  }
}
