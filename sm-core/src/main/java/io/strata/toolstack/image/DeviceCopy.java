// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.image;

import io.strata.block.BlockDevice;
import io.strata.block.Extent;
import io.strata.manager.ProgressListener;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// Copies one device to another that reads as zeroes: holes are passed over, and so are pieces that
/// hold nothing but zeroes.
public final class DeviceCopy {
  private static final int PIECE_BYTES = 1024 * 1024;
  private static final int ZERO_CHECK_BYTES = 64 * 1024;
  private static final long WINDOW_BYTES = 1L << 30;

  private DeviceCopy() {}

  /// Copies everything and flushes.
  ///
  /// @param target at least as large as the source
  public static void copy(BlockDevice source, BlockDevice target, ProgressListener progress)
      throws IOException {
    long sizeBytes = source.sizeBytes();
    ByteBuffer piece = ByteBuffer.allocateDirect(PIECE_BYTES);
    for (long window = 0; window < sizeBytes; window += WINDOW_BYTES) {
      long length = Math.min(WINDOW_BYTES, sizeBytes - window);
      for (Extent extent : dataIn(source, window, length)) {
        copy(source, target, extent, piece, progress);
      }
      progress.progress(window + length, sizeBytes);
    }
    target.flush();
    progress.progress(sizeBytes, sizeBytes);
  }

  private static List<Extent> dataIn(BlockDevice source, long offset, long length)
      throws IOException {
    List<Extent> data = new ArrayList<>();
    source.extents(
        offset,
        length,
        (at, bytes, kind) -> {
          if (kind == Extent.Kind.DATA) {
            data.add(new Extent(at, bytes, kind));
          }
          return true;
        });
    return data;
  }

  private static void copy(
      BlockDevice source,
      BlockDevice target,
      Extent extent,
      ByteBuffer piece,
      ProgressListener progress)
      throws IOException {
    for (long at = extent.offsetBytes(); at < extent.endBytes(); at += PIECE_BYTES) {
      int length = (int) Math.min(PIECE_BYTES, extent.endBytes() - at);
      source.read(at, piece.clear().limit(length));
      writeSparsely(target, at, piece.flip());
      progress.progress(at + length, source.sizeBytes());
    }
  }

  private static void writeSparsely(BlockDevice target, long offset, ByteBuffer piece)
      throws IOException {
    for (int from = 0; from < piece.limit(); from += ZERO_CHECK_BYTES) {
      int length = Math.min(ZERO_CHECK_BYTES, piece.limit() - from);
      ByteBuffer part = piece.slice(from, length);
      if (!isZero(part)) {
        target.write(offset + from, part);
      }
    }
  }

  private static boolean isZero(ByteBuffer bytes) {
    int at = 0;
    for (; at + Long.BYTES <= bytes.limit(); at += Long.BYTES) {
      if (bytes.getLong(at) != 0) {
        return false;
      }
    }
    for (; at < bytes.limit(); at++) {
      if (bytes.get(at) != 0) {
        return false;
      }
    }
    return true;
  }
}
