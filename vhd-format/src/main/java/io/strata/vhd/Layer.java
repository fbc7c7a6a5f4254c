// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static io.strata.vhd.VhdLayout.SECTOR_BYTES;

import io.strata.block.Container;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// One image of a chain: where each of its sectors is in its container.
///
/// Owns the container. Safe for many threads; only the writable leaf changes the table.
final class Layer implements Closeable {
  private static final Newer NONE_NEWER = _ -> null;

  private final Container container;
  private final VhdMetadata metadata;
  private final BlockGeometry geometry;
  private final @Nullable AllocationTable table;
  private final BitSet fullBlocks;
  private final boolean batmapStale;

  /// Bitmaps that a leaf kept in memory when it was frozen, until they are on disk.
  private volatile Newer newer = NONE_NEWER;

  /// Bitmaps of which the disk may not have the last state.
  @FunctionalInterface
  interface Newer {
    /// The sectors present in a block; null where the disk has the last state.
    long @Nullable [] bitmap(int block);
  }

  private Layer(
      Container container,
      VhdMetadata metadata,
      BlockGeometry geometry,
      @Nullable AllocationTable table,
      BitSet fullBlocks,
      boolean batmapStale) {
    this.container = container;
    this.metadata = metadata;
    this.geometry = geometry;
    this.table = table;
    this.fullBlocks = fullBlocks;
    this.batmapStale = batmapStale;
  }

  /// Reads and validates everything but the bitmaps. The container stays the caller's if this
  /// fails.
  static Layer open(Container container) throws IOException {
    VhdMetadata metadata = VhdMetadata.read(container);
    DynamicHeader header = metadata.header();
    if (header == null) {
      return new Layer(
          container,
          metadata,
          new BlockGeometry(VhdLayout.DEFAULT_BLOCK_BYTES),
          null,
          new BitSet(),
          false);
    }
    AllocationTable table = AllocationTable.load(container, metadata);
    BitSet full = Batmap.read(container, metadata);
    BitSet stale = new BitSet();
    full.stream().filter(block -> table.sector(block) < 0).forEach(stale::set);
    full.andNot(stale);
    return new Layer(
        container, metadata, new BlockGeometry(header.blockBytes()), table, full, !stale.isEmpty());
  }

  /// The same image after its footer or header were changed.
  Layer withMetadata(VhdFooter footer, DynamicHeader header) {
    return new Layer(
        container,
        new VhdMetadata(footer, header, metadata.batmap(), true),
        geometry,
        table,
        fullBlocks,
        batmapStale);
  }

  /// Prefers these bitmaps to those on disk.
  Layer withNewer(Newer bitmaps) {
    newer = bitmaps;
    return this;
  }

  /// Every bitmap is on disk now.
  void forgetNewer() {
    newer = NONE_NEWER;
  }

  Container container() {
    return container;
  }

  VhdMetadata metadata() {
    return metadata;
  }

  BlockGeometry geometry() {
    return geometry;
  }

  UUID uuid() {
    return metadata.footer().uuid();
  }

  long sizeBytes() {
    return metadata.footer().currentSizeBytes();
  }

  long sizeSectors() {
    return sizeBytes() / SECTOR_BYTES;
  }

  Optional<ParentLink> parent() throws IOException {
    return metadata.parent(container);
  }

  VhdInfo info() throws IOException {
    return VhdInfo.of(container, metadata);
  }

  /// Whether every sector is present: a fixed image.
  boolean fixed() {
    return table == null;
  }

  /// The BAT of an image that is not fixed.
  AllocationTable table() {
    if (table == null) {
      throw new IllegalStateException("a fixed image has no BAT");
    }
    return table;
  }

  /// Whether the batmap says that every sector of the block is present.
  boolean knownFull(int block) {
    return fullBlocks.get(block);
  }

  /// The allocated blocks of which the batmap says that.
  BitSet fullBlocks() {
    return fullBlocks;
  }

  /// Whether the batmap on disk calls blocks full that are not allocated, as programs leave it that
  /// don't know of batmaps. It would hide the parents' data once they are.
  boolean batmapStale() {
    return batmapStale;
  }

  /// Whether any of these sectors may be present, as far as the BAT says.
  boolean mayHold(long sector, int sectors) {
    long end = Math.min(sector + sectors, sizeSectors());
    if (table == null) {
      return sector < end;
    }
    int perBlock = geometry.sectorsPerBlock();
    for (long at = sector; at < end; at = (at / perBlock + 1) * perBlock) {
      if (table.sector((int) (at / perBlock)) >= 0) {
        return true;
      }
    }
    return false;
  }

  /// Where a sector's data is or would be; its block is allocated.
  long dataOffsetBytes(long sector) {
    if (table == null) {
      return sector * SECTOR_BYTES;
    }
    int block = (int) (sector / geometry.sectorsPerBlock());
    long inBlock = sector % geometry.sectorsPerBlock();
    return (table.sector(block) + geometry.bitmapSectors() + inBlock) * SECTOR_BYTES;
  }

  /// Sectors from this one to the end of what is contiguous with it: its block, or the disk.
  long contiguousSectors(long sector) {
    return table == null
        ? sizeSectors() - sector
        : geometry.sectorsPerBlock() - sector % geometry.sectorsPerBlock();
  }

  /// Reads an allocated block's bitmap.
  long[] readBitmap(int block) throws IOException {
    if (knownFull(block)) {
      return SectorBitmap.full(geometry.sectorsPerBlock());
    }
    long[] inMemory = newer.bitmap(block);
    if (inMemory != null) {
      return inMemory;
    }
    ByteBuffer bytes =
        Bytes.read(container, table().sector(block) * SECTOR_BYTES, geometry.bitmapBytes());
    return SectorBitmap.parse(bytes, geometry.sectorsPerBlock());
  }

  @Override
  public void close() throws IOException {
    container.close();
  }
}
