// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.block.SparseWriter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// A stream's bytes in a file that has holes where they are zero.
final class SpoolFile {
  private SpoolFile() {}

  /// Takes a stream to its end, into a file that is not there yet.
  static void receive(InputStream source, Path file) throws IOException {
    byte[] bytes = new byte[SparseWriter.PIECE_BYTES];
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      long at = 0;
      int length;
      while ((length = source.readNBytes(bytes, 0, bytes.length)) > 0) {
        ByteBuffer piece = ByteBuffer.wrap(bytes, 0, length);
        if (!SparseWriter.isZero(piece)) {
          write(channel, piece, at);
        }
        at += length;
      }
      if (channel.size() < at) {
        write(channel, ByteBuffer.allocate(1), at - 1);
      }
    }
  }

  private static void write(FileChannel channel, ByteBuffer piece, long at) throws IOException {
    long to = at;
    while (piece.hasRemaining()) {
      to += channel.write(piece, to);
    }
  }
}
