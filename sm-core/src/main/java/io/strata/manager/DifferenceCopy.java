// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.block.BlockDevice;
import io.strata.block.Extent;
import io.strata.block.GranuleBitmap;
import io.strata.block.SparseWriter;
import io.strata.vhd.DifferenceWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// Writes what changed in a disk since a state of it to a differencing image. For one thread.
///
/// Within the state's size zeroes are held as such: the state may have something else there. Beyond
/// its end whatever holds it reads as zeroes, so that zeroes are left out, and holes are not read.
final class DifferenceCopy {
  /// How much of the disk's allocation is looked at in one go.
  private static final long WINDOW_BYTES = 256L << 20;

  private final BlockDevice source;
  private final DifferenceWriter target;
  private final long baseBytes;
  private final ProgressListener progress;
  private final ByteBuffer piece = ByteBuffer.allocate(SparseWriter.PIECE_BYTES);

  /// @param baseBytes size of the state
  DifferenceCopy(
      BlockDevice source, DifferenceWriter target, long baseBytes, ProgressListener progress) {
    this.source = source;
    this.target = target;
    this.baseBytes = baseBytes;
    this.progress = progress;
  }

  /// @param changed granules of the disk
  void copy(GranuleBitmap changed) throws IOException {
    changed.ranges((offset, length) -> {
      long end = offset + length;
      long grown = Math.clamp(baseBytes, offset, end);
      copyData(offset, grown);
      for (long at = grown; at < end; at += WINDOW_BYTES) {
        copyGrown(at, Math.min(WINDOW_BYTES, end - at));
      }
    });
    progress.progress(source.sizeBytes(), source.sizeBytes());
  }

  private void copyGrown(long offset, long length) throws IOException {
    List<Extent> extents = new ArrayList<>();
    source.extents(offset, length, (at, size, kind) -> extents.add(new Extent(at, size, kind)));
    for (Extent extent : extents) {
      if (extent.kind() == Extent.Kind.DATA) {
        copyData(extent.offsetBytes(), extent.endBytes());
      }
    }
    progress.progress(offset + length, source.sizeBytes());
  }

  private void copyData(long offset, long end) throws IOException {
    for (long at = offset; at < end; at += piece.capacity()) {
      source.read(at, piece.clear().limit((int) Math.min(piece.capacity(), end - at)));
      if (!SparseWriter.isZero(piece.flip())) {
        target.write(at, piece);
      } else if (at < baseBytes) {
        target.zero(at, piece.remaining());
      }
      progress.progress(at, source.sizeBytes());
    }
  }
}
