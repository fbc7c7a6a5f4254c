// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.rpc;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.Optional;

/// Splits a stream of bytes at line feeds, in bounds. For one thread.
final class LineReader {
  private final ReadableByteChannel channel;
  private final int maxLineBytes;
  private final ByteBuffer buffer = ByteBuffer.allocate(16 * 1024).flip();

  /// @param maxLineBytes longest line that is read, without its line feed
  LineReader(ReadableByteChannel channel, int maxLineBytes) {
    this.channel = channel;
    this.maxLineBytes = maxLineBytes;
  }

  /// The next line without its line feed; absent at the end of the stream. A last line that has no
  /// line feed was cut off and is no line.
  ///
  /// @throws LineTooLongException for a line beyond the bound; the stream is of no use then
  Optional<byte[]> next() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    while (true) {
      int feed = indexOfFeed();
      int end = feed < 0 ? buffer.limit() : feed;
      if (line.size() + (end - buffer.position()) > maxLineBytes) {
        throw new LineTooLongException(maxLineBytes);
      }
      line.write(buffer.array(), buffer.position(), end - buffer.position());
      buffer.position(end);
      if (feed >= 0) {
        buffer.position(feed + 1);
        return Optional.of(line.toByteArray());
      }
      if (!fill()) {
        return Optional.empty();
      }
    }
  }

  private int indexOfFeed() {
    for (int i = buffer.position(); i < buffer.limit(); i++) {
      if (buffer.get(i) == '\n') {
        return i;
      }
    }
    return -1;
  }

  private boolean fill() throws IOException {
    buffer.clear();
    int count = channel.read(buffer);
    buffer.flip();
    return count >= 0;
  }

  /// A line is longer than what is read.
  static final class LineTooLongException extends IOException {
    private static final long serialVersionUID = 1L;

    LineTooLongException(int maxLineBytes) {
      super("a line is longer than " + maxLineBytes + " bytes");
    }
  }
}
