// SPDX-License-Identifier: Apache-2.0
package io.strata.block;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// Copies a device to another, range by range: holes are not read, and zeroes are not written where
/// the target has them already. Does not flush. Not thread-safe.
///
/// A copy that broke off goes on from what its listener heard last, once that was flushed.
public final class SparseCopy {
  private static final int CHUNK_BYTES = 1 << 20;

  /// How much of the source's allocation is looked at in one go.
  private static final long WINDOW_BYTES = 256L << 20;

  private final BlockDevice source;
  private final BlockDevice target;
  private final SparseWriter writer;
  private final Listener listener;
  private final ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK_BYTES);
  private long readBytes;

  /// Follows a copy. Called often, on the copying thread: return soon.
  @FunctionalInterface
  public interface Listener {
    /// Hears nothing.
    Listener NONE = endBytes -> {};

    /// What the target is to have before this offset has been written.
    ///
    /// @throws IOException to break the copy off
    void copiedTo(long endBytes) throws IOException;
  }

  /// @param target at least as large as what is copied
  /// @param targetIsZero whether what is not copied yet reads as zeroes
  public SparseCopy(
      BlockDevice source, BlockDevice target, boolean targetIsZero, Listener listener) {
    this.source = source;
    this.target = target;
    this.listener = listener;
    writer = new SparseWriter(target, targetIsZero);
  }

  /// Copies everything from an offset on; what the target has beyond the source becomes zeroes.
  ///
  /// @throws IOException also where the source is larger than the target
  public void copyFrom(long offsetBytes) throws IOException {
    assertFits(source, target);
    long sizeBytes = source.sizeBytes();
    copy(offsetBytes, Math.max(0, sizeBytes - offsetBytes));
    writer.zero(sizeBytes, target.sizeBytes() - sizeBytes);
  }

  /// A part of a disk would be taken for all of it.
  static void assertFits(BlockDevice source, BlockDevice copy) throws IOException {
    if (source.sizeBytes() > copy.sizeBytes()) {
      throw new IOException(
          "the source has " + source.sizeBytes() + " bytes, its copy " + copy.sizeBytes());
    }
  }

  /// Copies a range.
  ///
  /// @throws IOException also where the source is larger than the target
  public void copy(long offsetBytes, long lengthBytes) throws IOException {
    assertFits(source, target);
    long endBytes = offsetBytes + lengthBytes;
    for (long at = offsetBytes; at < endBytes; at += WINDOW_BYTES) {
      for (Extent extent : allocation(at, Math.min(WINDOW_BYTES, endBytes - at))) {
        if (extent.kind() == Extent.Kind.DATA) {
          copyData(extent);
        } else {
          writer.zero(extent.offsetBytes(), extent.lengthBytes());
          listener.copiedTo(extent.endBytes());
        }
      }
    }
  }

  /// Bytes that were read from the source up to now: what the copy costs, unlike its offset.
  public long readBytes() {
    return readBytes;
  }

  private List<Extent> allocation(long at, long length) throws IOException {
    List<Extent> extents = new ArrayList<>();
    source.extents(at, length, (offset, size, kind) -> extents.add(new Extent(offset, size, kind)));
    return extents;
  }

  private void copyData(Extent extent) throws IOException {
    for (long at = extent.offsetBytes(); at < extent.endBytes(); at += CHUNK_BYTES) {
      int length = (int) Math.min(CHUNK_BYTES, extent.endBytes() - at);
      source.read(at, chunk.clear().limit(length));
      readBytes += length;
      writer.write(at, chunk.flip());
      listener.copiedTo(at + length);
    }
  }
}
