// SPDX-License-Identifier: Apache-2.0
package io.strata.block;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;

/// Compares what two devices read as, byte by byte.
public final class DeviceComparison {
  private static final int CHUNK_BYTES = 1 << 20;

  /// What is passed over at once where neither holds data.
  private static final long WINDOW_BYTES = 256L << 20;

  private DeviceComparison() {}

  /// Reads all of both; what the copy has beyond the source must be zeroes.
  ///
  /// @param copy at least as large as the source
  /// @return the first byte in which they differ
  /// @throws IOException also where the source is larger than the copy
  public static OptionalLong firstDifference(
      BlockDevice source, BlockDevice copy, SparseCopy.Listener listener) throws IOException {
    SparseCopy.assertFits(source, copy);
    Comparison comparison = new Comparison(source, copy);
    for (long at = 0; at < copy.sizeBytes(); at += WINDOW_BYTES) {
      long end = Math.min(at + WINDOW_BYTES, copy.sizeBytes());
      if (comparison.mayDiffer(at, end - at)) {
        for (long part = at; part < end; part += CHUNK_BYTES) {
          int length = (int) Math.min(CHUNK_BYTES, end - part);
          int mismatch =
              comparison.mayDiffer(part, length) ? comparison.mismatch(part, length) : -1;
          if (mismatch >= 0) {
            return OptionalLong.of(part + mismatch);
          }
          listener.copiedTo(part + length);
        }
      }
      listener.copiedTo(end);
    }
    return OptionalLong.empty();
  }

  private static final class Comparison {
    private final BlockDevice source;
    private final BlockDevice copy;
    private final ByteBuffer expected = ByteBuffer.allocateDirect(CHUNK_BYTES);
    private final ByteBuffer found = ByteBuffer.allocateDirect(CHUNK_BYTES);
    private final ByteBuffer zeroes = ByteBuffer.allocateDirect(CHUNK_BYTES);

    private Comparison(BlockDevice source, BlockDevice copy) {
      this.source = source;
      this.copy = copy;
    }

    private boolean mayDiffer(long at, long length) throws IOException {
      long fromSource = Math.clamp(source.sizeBytes() - at, 0, length);
      return holdsData(copy, at, length) || holdsData(source, at, fromSource);
    }

    private static boolean holdsData(BlockDevice device, long at, long length) throws IOException {
      AtomicBoolean data = new AtomicBoolean();
      if (length > 0) {
        device.extents(
            at,
            length,
            (offset, bytes, kind) -> {
              data.set(kind == Extent.Kind.DATA);
              return !data.get();
            });
      }
      return data.get();
    }

    private int mismatch(long at, int length) throws IOException {
      int fromSource = Math.clamp(source.sizeBytes() - at, 0, length);
      expected.clear().limit(fromSource);
      if (fromSource > 0) {
        source.read(at, expected);
      }
      expected.limit(length).put(zeroes.slice(0, length - fromSource)).flip();
      copy.read(at, found.clear().limit(length));
      return expected.mismatch(found.flip());
    }
  }
}
