// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.block.BlockDevice;
import io.strata.block.SparseWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/// Plain bytes from a stream to a disk and back.
final class StreamCopy {
  private static final int CHUNK_BYTES = 1 << 20;

  private StreamCopy() {}

  /// Copies a stream to its end; what the target has beyond it becomes zeroes.
  ///
  /// @param targetIsZero whether the target reads as zeroes, so that zeroes need no writing
  /// @param totalBytes the stream's length, or -1
  /// @throws TooLargeException the stream is longer than the target
  static void toDevice(
      InputStream source,
      BlockDevice target,
      boolean targetIsZero,
      ProgressListener progress,
      long totalBytes)
      throws IOException {
    SparseWriter writer = new SparseWriter(target, targetIsZero);
    byte[] chunk = new byte[CHUNK_BYTES];
    long at = 0;
    while (true) {
      int length = source.readNBytes(chunk, 0, CHUNK_BYTES);
      if (length > target.sizeBytes() - at) {
        throw new TooLargeException(
            "The image is longer than the disk's " + target.sizeBytes() + " bytes");
      }
      writer.write(at, ByteBuffer.wrap(chunk, 0, length));
      at += length;
      progress.progress(at, totalBytes);
      if (length < CHUNK_BYTES) {
        break;
      }
    }
    writer.zero(at, target.sizeBytes() - at);
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
}
