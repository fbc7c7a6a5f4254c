// SPDX-License-Identifier: Apache-2.0
package io.strata.block;

import java.io.IOException;
import java.util.BitSet;

/// Which pieces of a disk are marked, as the field's changed block tracking says it: one bit for
/// each granule of 64 KiB.
///
/// Granule i is the bytes from `i * 65536` on; the last one may be cut short by the disk's end. As
/// bytes, granule 0 is the **most significant** bit of the first byte; bits beyond the disk's end
/// are 0. Source: XenServer "Changed Block Tracking", `VDI.list_changed_blocks`.
///
/// Not thread-safe.
public final class GranuleBitmap {
  public static final int GRANULE_BYTES = 64 << 10;

  /// The largest disk: as many granules as an index can count.
  private static final long LARGEST_DISK_BYTES = (long) Integer.MAX_VALUE * GRANULE_BYTES;

  private final long sizeBytes;
  private final int granules;
  private final BitSet bits;

  /// Nothing is marked.
  ///
  /// @param sizeBytes the disk's size
  public GranuleBitmap(long sizeBytes) {
    if (sizeBytes < 0 || sizeBytes > LARGEST_DISK_BYTES) {
      throw new IllegalArgumentException("a disk of " + sizeBytes + " bytes has no bitmap");
    }
    this.sizeBytes = sizeBytes;
    granules = (int) Math.ceilDiv(sizeBytes, (long) GRANULE_BYTES);
    bits = new BitSet(granules);
  }

  /// Reads what [#toBytes] made.
  ///
  /// @throws IllegalArgumentException the length is not that of a disk of this size
  public static GranuleBitmap parse(long sizeBytes, byte[] bytes) {
    GranuleBitmap parsed = new GranuleBitmap(sizeBytes);
    if (bytes.length != parsed.byteCount()) {
      throw new IllegalArgumentException(
          "a disk of "
              + sizeBytes
              + " bytes has a bitmap of "
              + parsed.byteCount()
              + " bytes, not "
              + bytes.length);
    }
    for (int i = 0; i < parsed.granules; i++) {
      if ((bytes[i >>> 3] & 0x80 >>> (i & 7)) != 0) {
        parsed.bits.set(i);
      }
    }
    return parsed;
  }

  public long sizeBytes() {
    return sizeBytes;
  }

  /// How many granules the disk has.
  public int granules() {
    return granules;
  }

  public boolean marked(int granule) {
    return bits.get(granule);
  }

  /// Bytes of the disk in marked granules.
  public long markedBytes() {
    long bytes = (long) bits.cardinality() * GRANULE_BYTES;
    boolean lastMarked = granules > 0 && bits.get(granules - 1);
    return lastMarked ? bytes - ((long) granules * GRANULE_BYTES - sizeBytes) : bytes;
  }

  /// Marks every granule that a range touches; what lies beyond the disk's end is left out.
  public void mark(long offsetBytes, long lengthBytes) {
    long end = Math.min(offsetBytes + lengthBytes, sizeBytes);
    if (offsetBytes < end) {
      int first = (int) (offsetBytes / GRANULE_BYTES);
      bits.set(first, (int) Math.ceilDiv(end, (long) GRANULE_BYTES));
    }
  }

  /// Marks what another bitmap marks, of a disk that may be smaller or larger.
  public void add(GranuleBitmap other) {
    bits.or(other.bits);
    bits.clear(granules, Math.max(granules, bits.length()));
  }

  /// Takes a marked range.
  @FunctionalInterface
  public interface RangeVisitor {
    void range(long offsetBytes, long lengthBytes) throws IOException;
  }

  /// Visits the runs of marked granules in order, cut at the disk's end.
  public void ranges(RangeVisitor visitor) throws IOException {
    for (int from = bits.nextSetBit(0); from >= 0; ) {
      int end = bits.nextClearBit(from);
      long offset = (long) from * GRANULE_BYTES;
      visitor.range(offset, Math.min((long) end * GRANULE_BYTES, sizeBytes) - offset);
      from = bits.nextSetBit(end);
    }
  }

  /// The bits, granule 0 first, as the most significant bit of the first byte.
  public byte[] toBytes() {
    byte[] bytes = new byte[byteCount()];
    for (int i = bits.nextSetBit(0); i >= 0; i = bits.nextSetBit(i + 1)) {
      bytes[i >>> 3] |= (byte) (0x80 >>> (i & 7));
    }
    return bytes;
  }

  private int byteCount() {
    return (int) Math.ceilDiv((long) granules, Byte.SIZE);
  }
}
