// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import org.jspecify.annotations.Nullable;

/// An allocated block of the writable leaf: where it is, and which of its sectors are present.
///
/// Bits are set by one thread at a time, under the block's lock in [WritableLeaf], after the
/// sectors' data was written; they are read by any thread without a lock.
final class LeafBlock {
  private final int index;
  private final long sector;
  private final int sectors;
  private volatile long @Nullable [] bits;
  private int present;
  private volatile boolean dirty;
  private volatile boolean published;
  private boolean named;

  /// @param sector sector of the bitmap
  /// @param bits sectors that are present
  /// @param published whether the BAT on disk names the block already
  LeafBlock(int index, long sector, int sectors, long[] bits, boolean published) {
    this.index = index;
    this.sector = sector;
    this.sectors = sectors;
    this.published = published;
    named = published;
    present = SectorBitmap.count(bits);
    this.bits = present == sectors ? null : bits;
  }

  int index() {
    return index;
  }

  long sector() {
    return sector;
  }

  boolean full() {
    return bits == null;
  }

  /// Whether a sector is present.
  boolean has(int sectorInBlock) {
    long[] current = bits;
    return current == null || SectorBitmap.get(current, sectorInBlock);
  }

  boolean hasAll(int from, int end) {
    long[] current = bits;
    return current == null || SectorBitmap.endOfRun(current, from, end, true) == end;
  }

  /// End of the run of sectors that are as present or absent as `from` is.
  int endOfRun(int from, int end, boolean value) {
    long[] current = bits;
    return current == null ? end : SectorBitmap.endOfRun(current, from, end, value);
  }

  /// Marks sectors present. Under the block's lock.
  ///
  /// @return whether any was not before
  boolean add(int from, int end) {
    long[] current = bits;
    if (current == null) {
      return false;
    }
    int added = SectorBitmap.set(current, from, end);
    present += added;
    if (present == sectors) {
      bits = null;
    }
    return added > 0;
  }

  /// The bits as they are now.
  long[] snapshot() {
    long[] current = bits;
    return current == null ? SectorBitmap.full(sectors) : SectorBitmap.copy(current);
  }

  boolean dirty() {
    return dirty;
  }

  void dirty(boolean value) {
    dirty = value;
  }

  /// Whether a BAT on disk may name the block, now or after a crash. For commits.
  boolean named() {
    return named;
  }

  void markNamed() {
    named = true;
  }

  /// Whether the BAT on disk names the block for good.
  boolean published() {
    return published;
  }

  void markPublished() {
    published = true;
  }
}
