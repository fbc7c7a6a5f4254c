// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static io.strata.vhd.VhdLayout.SECTOR_BYTES;
import static io.strata.vhd.VhdLayout.UNALLOCATED;

import io.strata.block.Container;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReferenceArray;

/// Allocation table (BAT) of an image in memory: one entry per block.
///
/// Entry i is the absolute **sector** of block i's bitmap, or `UNALLOCATED`. Big-endian uint32 on
/// disk. Source: VHD specification 1.0, "Block Allocation Table and Data Blocks".
///
/// Pages of 1024 entries without any allocation take no memory. Read by any thread; one thread at a
/// time sets entries.
final class AllocationTable {
  static final int ENTRIES_PER_SECTOR = SECTOR_BYTES / Integer.BYTES;
  private static final int PAGE_SHIFT = 10;
  private static final int PAGE_ENTRIES = 1 << PAGE_SHIFT;

  /// Blocks of the smallest size that a disk of the largest size has stay below 2^30.
  private static final int BLOCK_BITS = 30;

  private static final int CHUNK_BYTES = 1 << 18;
  private static final ByteBuffer NOTHING_ALLOCATED = nothingAllocated();
  private static final VarHandle ENTRIES = MethodHandles.arrayElementVarHandle(int[].class);

  private final AtomicReferenceArray<int[]> pages;
  private final int blockCount;
  private int allocated;
  private long highestSector = -1;
  private long lowestSector = -1;

  private AllocationTable(int blockCount) {
    this.blockCount = blockCount;
    pages = new AtomicReferenceArray<>(Math.ceilDiv(blockCount, PAGE_ENTRIES));
  }

  private static ByteBuffer nothingAllocated() {
    ByteBuffer entries = ByteBuffer.allocateDirect(CHUNK_BYTES);
    while (entries.hasRemaining()) {
      entries.putInt(UNALLOCATED);
    }
    return entries.flip();
  }

  /// Reads the table and checks that no block lies outside the image, on its metadata, or on
  /// another block.
  static AllocationTable load(Container container, VhdMetadata metadata) throws IOException {
    AllocationTable table = new AllocationTable(metadata.blockCount());
    table.read(container, metadata);
    table.check(container, metadata);
    return table;
  }

  /// The bitmap's sector of a block, 0 to 2^32 - 2; negative where the block is not allocated.
  long sector(int block) {
    int entry = entry(block);
    return entry == UNALLOCATED ? -1 : Integer.toUnsignedLong(entry);
  }

  int entry(int block) {
    int[] page = pages.get(block >>> PAGE_SHIFT);
    return page == null ? UNALLOCATED : (int) ENTRIES.getVolatile(page, block & PAGE_ENTRIES - 1);
  }

  void set(int block, long sector) {
    int index = block >>> PAGE_SHIFT;
    int[] page = pages.get(index);
    if (page == null) {
      page = new int[PAGE_ENTRIES];
      Arrays.fill(page, UNALLOCATED);
      pages.set(index, page);
    }
    ENTRIES.setVolatile(page, block & PAGE_ENTRIES - 1, (int) sector);
    allocated++;
    highestSector = Math.max(highestSector, sector);
    lowestSector = lowestSector < 0 ? sector : Math.min(lowestSector, sector);
  }

  int blockCount() {
    return blockCount;
  }

  /// Blocks that are allocated.
  int allocated() {
    return allocated;
  }

  /// The highest sector any entry points to; -1 where nothing is allocated.
  long highestSector() {
    return highestSector;
  }

  /// The lowest sector any entry points to; -1 where nothing is allocated.
  long lowestSector() {
    return lowestSector;
  }

  /// The first block from `from` on that may be allocated; the block count if there is none.
  int nextCandidate(int from) {
    int block = from;
    while (block < blockCount && pages.get(block >>> PAGE_SHIFT) == null) {
      block = (block | PAGE_ENTRIES - 1) + 1;
    }
    return Math.min(block, blockCount);
  }

  /// Stops where there are more blocks than the image has room for: a sparse image of nothing but
  /// entries must not take memory for them.
  private void read(Container container, VhdMetadata metadata) throws IOException {
    long tableAt = metadata.dynamicHeader().tableOffsetBytes();
    BlockGeometry geometry = new BlockGeometry(metadata.dynamicHeader().blockBytes());
    long mostBlocks = container.sizeBytes() / SECTOR_BYTES / geometry.blockSectors();
    long bytes = (long) blockCount * Integer.BYTES;
    ByteBuffer chunk = ByteBuffer.allocateDirect((int) Math.min(bytes, CHUNK_BYTES));
    int block = 0;
    while (block < blockCount) {
      chunk.clear().limit((int) Math.min(bytes - (long) block * Integer.BYTES, chunk.capacity()));
      container.read(tableAt + (long) block * Integer.BYTES, chunk);
      chunk.flip();
      while (chunk.hasRemaining()) {
        int skipped = leadingUnallocated(chunk);
        block += skipped;
        if (!chunk.hasRemaining()) {
          break;
        }
        int entry = chunk.getInt();
        if (entry != UNALLOCATED) {
          if (allocated == mostBlocks) {
            throw corrupt(
                container,
                metadata,
                block,
                "nothing, as all " + mostBlocks + " blocks that the image has room for are taken",
                Integer.toUnsignedLong(entry));
          }
          set(block, Integer.toUnsignedLong(entry));
        }
        block++;
      }
    }
  }

  /// Moves on over entries of blocks that are not allocated: most of a large disk's, and a guest
  /// may be waiting.
  ///
  /// @return how many there were
  private static int leadingUnallocated(ByteBuffer chunk) {
    int length = chunk.remaining();
    int same = chunk.mismatch(NOTHING_ALLOCATED.duplicate().limit(length));
    int entries = (same < 0 ? length : same) / Integer.BYTES;
    chunk.position(chunk.position() + entries * Integer.BYTES);
    return entries;
  }

  private void check(Container container, VhdMetadata metadata) throws VhdCorruptException {
    BlockGeometry geometry = new BlockGeometry(metadata.dynamicHeader().blockBytes());
    long endBytes =
        metadata.trailingFooterValid() ? Footers.trailingOffset(container) : container.sizeBytes();
    long lastSector = endBytes / SECTOR_BYTES - geometry.blockSectors();
    long[] extents = new long[allocated];
    int found = 0;
    for (int block = nextCandidate(0); block < blockCount; block = nextCandidate(block + 1)) {
      long sector = sector(block);
      if (sector < 0) {
        continue;
      }
      if (sector > lastSector) {
        throw corrupt(
            container,
            metadata,
            block,
            "a block that ends within the image, at sector " + lastSector + " at most",
            sector);
      }
      String clobbered = clobbers(metadata, geometry, sector);
      if (!clobbered.isEmpty()) {
        throw corrupt(container, metadata, block, "a block apart from the " + clobbered, sector);
      }
      extents[found++] = sector << BLOCK_BITS | block;
    }
    Arrays.sort(extents);
    for (int i = 1; i < found; i++) {
      long previous = extents[i - 1] >>> BLOCK_BITS;
      long sector = extents[i] >>> BLOCK_BITS;
      if (sector - previous < geometry.blockSectors()) {
        int block = (int) (extents[i] & (1 << BLOCK_BITS) - 1);
        int other = (int) (extents[i - 1] & (1 << BLOCK_BITS) - 1);
        throw corrupt(
            container,
            metadata,
            block,
            "a block apart from block " + other + " at sector " + previous,
            sector);
      }
    }
  }

  /// Which of the image's metadata a block at this sector would lie on; empty if none.
  static String clobbers(VhdMetadata metadata, BlockGeometry geometry, long sector) {
    long start = sector * SECTOR_BYTES;
    long end = (sector + geometry.blockSectors()) * SECTOR_BYTES;
    long headerAt = metadata.footer().dataOffsetBytes();
    long tableAt = metadata.dynamicHeader().tableOffsetBytes();
    if (start < VhdLayout.FOOTER_BYTES) {
      return "footer's copy";
    }
    if (start < headerAt + VhdLayout.HEADER_BYTES && headerAt < end) {
      return "header";
    }
    if (start < tableAt + metadata.tableBytes() && tableAt < end) {
      return "BAT";
    }
    return start < metadata.tableEndBytes() && tableAt < end ? "batmap" : "";
  }

  private static VhdCorruptException corrupt(
      Container container, VhdMetadata metadata, int block, String expected, long sector) {
    return new VhdCorruptException(
        container.location(),
        metadata.dynamicHeader().tableOffsetBytes() + (long) block * Integer.BYTES,
        "BAT entry " + block + " to point to " + expected,
        "sector " + sector);
  }
}
