// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.block.BlockDevice;
import io.strata.block.Extent;
import io.strata.block.GranuleBitmap;
import io.strata.vhd.DifferenceWriter;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// Copies a disk's bytes, and leaves out the zeroes where the target has them already.
final class SparseCopy {
  private static final int CHUNK_BYTES = 1 << 20;

  /// What is compared with zero at once: less than a chunk, so that a little data does not
  /// provision a whole one.
  private static final int PIECE_BYTES = 64 << 10;

  /// How much of the source's allocation is looked at in one go.
  private static final long WINDOW_BYTES = 256L << 20;

  private final BlockDevice target;
  private final boolean targetIsZero;
  private final ProgressListener progress;
  private final long totalBytes;

  /// @param targetIsZero whether the target reads as zeroes, so that zeroes need no writing
  SparseCopy(BlockDevice target, boolean targetIsZero, ProgressListener progress, long totalBytes) {
    this.target = target;
    this.targetIsZero = targetIsZero;
    this.progress = progress;
    this.totalBytes = totalBytes;
  }

  /// Copies a whole device; what the target has beyond it becomes zeroes.
  void from(BlockDevice source) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(CHUNK_BYTES);
    long sizeBytes = source.sizeBytes();
    for (long at = 0; at < sizeBytes; at += WINDOW_BYTES) {
      long length = Math.min(WINDOW_BYTES, sizeBytes - at);
      for (Extent extent : allocation(source, at, length)) {
        if (extent.kind() == Extent.Kind.DATA) {
          copyData(source, extent, buffer);
        } else {
          zero(extent.offsetBytes(), extent.lengthBytes());
        }
        progress.progress(extent.endBytes(), totalBytes);
      }
    }
    zero(sizeBytes, target.sizeBytes() - sizeBytes);
  }

  private static List<Extent> allocation(BlockDevice source, long at, long length)
      throws IOException {
    List<Extent> extents = new ArrayList<>();
    source.extents(at, length, (offset, size, kind) -> extents.add(new Extent(offset, size, kind)));
    return extents;
  }

  private void copyData(BlockDevice source, Extent extent, ByteBuffer buffer) throws IOException {
    for (long at = extent.offsetBytes(); at < extent.endBytes(); at += CHUNK_BYTES) {
      buffer.clear().limit((int) Math.min(CHUNK_BYTES, extent.endBytes() - at));
      source.read(at, buffer);
      put(at, buffer.flip());
      progress.progress(at, totalBytes);
    }
  }

  /// Copies a stream to its end; what the target has beyond it becomes zeroes.
  ///
  /// @throws TooLargeException the stream is longer than the target
  void from(InputStream source) throws IOException {
    byte[] chunk = new byte[CHUNK_BYTES];
    long at = 0;
    while (true) {
      int length = source.readNBytes(chunk, 0, CHUNK_BYTES);
      if (length > target.sizeBytes() - at) {
        throw new TooLargeException(
            "The image is longer than the disk's " + target.sizeBytes() + " bytes");
      }
      put(at, ByteBuffer.wrap(chunk, 0, length));
      at += length;
      progress.progress(at, totalBytes);
      if (length < CHUNK_BYTES) {
        break;
      }
    }
    zero(at, target.sizeBytes() - at);
  }

  /// Writes a whole device to a stream, zeroes too.
  static void toStream(BlockDevice source, OutputStream image, ProgressListener progress)
      throws IOException {
    byte[] chunk = new byte[CHUNK_BYTES];
    long sizeBytes = source.sizeBytes();
    for (long at = 0; at < sizeBytes; at += CHUNK_BYTES) {
      int length = (int) Math.min(CHUNK_BYTES, sizeBytes - at);
      source.read(at, ByteBuffer.wrap(chunk, 0, length));
      image.write(chunk, 0, length);
      progress.progress(at + length, sizeBytes);
    }
    image.flush();
  }

  /// Writes the marked granules of a device, zeroes as such.
  static void difference(
      BlockDevice source, GranuleBitmap changed, DifferenceWriter target, ProgressListener progress)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(PIECE_BYTES);
    changed.ranges((offset, length) -> {
      for (long at = offset; at < offset + length; at += PIECE_BYTES) {
        buffer.clear().limit((int) Math.min(PIECE_BYTES, offset + length - at));
        source.read(at, buffer);
        if (isZero(buffer.flip())) {
          target.zero(at, buffer.remaining());
        } else {
          target.write(at, buffer);
        }
        progress.progress(at, source.sizeBytes());
      }
    });
    progress.progress(source.sizeBytes(), source.sizeBytes());
  }

  /// Reads both back and compares them byte by byte; what the copy has beyond the source must be
  /// zeroes.
  ///
  /// @throws IOException where they differ
  static void verify(BlockDevice source, BlockDevice copy, ProgressListener progress)
      throws IOException {
    ByteBuffer expected = ByteBuffer.allocate(CHUNK_BYTES);
    ByteBuffer found = ByteBuffer.allocate(CHUNK_BYTES);
    for (long at = 0; at < copy.sizeBytes(); at += CHUNK_BYTES) {
      int length = (int) Math.min(CHUNK_BYTES, copy.sizeBytes() - at);
      int fromSource = Math.clamp(source.sizeBytes() - at, 0, length);
      java.util.Arrays.fill(expected.array(), (byte) 0);
      expected.clear().limit(fromSource);
      if (fromSource > 0) {
        source.read(at, expected);
      }
      found.clear().limit(length);
      copy.read(at, found);
      int mismatch = expected.clear().limit(length).mismatch(found.flip());
      if (mismatch >= 0) {
        throw new IOException("the copy differs from its source at byte " + (at + mismatch));
      }
      progress.progress(at, copy.sizeBytes());
    }
  }

  private void put(long atBytes, ByteBuffer data) throws IOException {
    long at = atBytes;
    while (data.hasRemaining()) {
      ByteBuffer piece = data.slice(data.position(), Math.min(PIECE_BYTES, data.remaining()));
      data.position(data.position() + piece.remaining());
      int length = piece.remaining();
      if (isZero(piece)) {
        zero(at, length);
      } else {
        target.write(at, piece);
      }
      at += length;
    }
  }

  private void zero(long offsetBytes, long lengthBytes) throws IOException {
    if (lengthBytes > 0 && !targetIsZero) {
      target.writeZeroes(
          offsetBytes,
          lengthBytes,
          BlockDevice.Zeroing.MAY_DEALLOCATE,
          BlockDevice.Durability.WRITE_BACK);
    }
  }

  private static boolean isZero(ByteBuffer piece) {
    int end = piece.limit();
    int i = piece.position();
    for (; i + Long.BYTES <= end; i += Long.BYTES) {
      if (piece.getLong(i) != 0) {
        return false;
      }
    }
    for (; i < end; i++) {
      if (piece.get(i) != 0) {
        return false;
      }
    }
    return true;
  }

  /// The image does not fit.
  static final class TooLargeException extends EOFException {
    private static final long serialVersionUID = 1L;

    TooLargeException(String message) {
      super(message);
    }
  }
}
