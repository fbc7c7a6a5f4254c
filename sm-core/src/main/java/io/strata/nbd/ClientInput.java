// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;

/// What a server sends, with a buffer between. For one thread.
final class ClientInput {
  private static final int BUFFER_BYTES = 64 << 10;

  private final ReadableByteChannel channel;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES).limit(0);

  ClientInput(ReadableByteChannel channel) {
    this.channel = channel;
  }

  short readShort() throws IOException {
    return need(Short.BYTES).getShort();
  }

  int readInt() throws IOException {
    return need(Integer.BYTES).getInt();
  }

  long readLong() throws IOException {
    return need(Long.BYTES).getLong();
  }

  /// Reads the next `count` bytes, which the caller has found to be few.
  byte[] readBytes(int count) throws IOException {
    byte[] bytes = new byte[count];
    readFully(ByteBuffer.wrap(bytes));
    return bytes;
  }

  /// Fills `target`; what is not buffered yet goes straight there.
  void readFully(ByteBuffer target) throws IOException {
    int buffered = Math.min(buffer.remaining(), target.remaining());
    target.put(target.position(), buffer, buffer.position(), buffered);
    target.position(target.position() + buffered);
    buffer.position(buffer.position() + buffered);
    while (target.hasRemaining()) {
      requireData(channel.read(target));
    }
  }

  private ByteBuffer need(int count) throws IOException {
    if (buffer.remaining() < count) {
      buffer.compact();
      while (buffer.position() < count) {
        requireData(channel.read(buffer));
      }
      buffer.flip();
    }
    return buffer;
  }

  private static void requireData(int read) throws IOException {
    if (read < 0) {
      throw new EOFException("the NBD server closed the connection");
    }
  }
}
