// SPDX-License-Identifier: Apache-2.0
package io.strata.bench;

import io.strata.nbd.NbdEndpoint;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/// A guest's connection: the thread that writes waits for the answer itself, so that nobody but the
/// server is measured. Source: NetworkBlockDevice/nbd `doc/proto.md`, fixed newstyle negotiation
/// and simple replies.
///
/// **Threads.** One at a time.
final class GuestConnection implements Closeable {
  private static final long OPTION_MAGIC = 0x49484156454f5054L;
  private static final int GREETING_BYTES = 18;
  private static final int FIXED_NEWSTYLE_NO_ZEROES = 3;
  private static final int OPTION_EXPORT_NAME = 1;
  private static final int EXPORT_BYTES = 10;

  private static final int REQUEST_MAGIC = 0x25609513;
  private static final int REPLY_MAGIC = 0x67446698;
  private static final int WRITE = 1;
  private static final int DISCONNECT = 2;
  private static final int REQUEST_BYTES = 28;
  private static final int REPLY_BYTES = 16;

  private final SocketChannel channel;
  private final ByteBuffer request = ByteBuffer.allocateDirect(REQUEST_BYTES);
  private final ByteBuffer reply = ByteBuffer.allocateDirect(REPLY_BYTES);
  private long cookie;

  private GuestConnection(SocketChannel channel) {
    this.channel = channel;
  }

  /// @param export empty for the server's default export
  static GuestConnection open(NbdEndpoint endpoint, String export) throws IOException {
    SocketChannel channel = SocketChannel.open(endpoint.address());
    try {
      byte[] name = export.getBytes(StandardCharsets.UTF_8);
      receive(channel, ByteBuffer.allocate(GREETING_BYTES));
      send(
          channel,
          ByteBuffer.allocate(2 * Integer.BYTES + Long.BYTES + Integer.BYTES + name.length)
              .putInt(FIXED_NEWSTYLE_NO_ZEROES)
              .putLong(OPTION_MAGIC)
              .putInt(OPTION_EXPORT_NAME)
              .putInt(name.length)
              .put(name)
              .flip());
      receive(channel, ByteBuffer.allocate(EXPORT_BYTES));
      return new GuestConnection(channel);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  void write(long offsetBytes, ByteBuffer content) throws IOException {
    put(WRITE, offsetBytes, content.remaining());
    ByteBuffer[] message = {request, content};
    while (content.hasRemaining()) {
      channel.write(message);
    }
    receive(channel, reply.clear());
    int magic = reply.getInt();
    int error = reply.getInt();
    if (magic != REPLY_MAGIC || error != 0 || reply.getLong() != cookie) {
      throw new IOException("NBD reply 0x%08x, error %d".formatted(magic, error));
    }
  }

  private void put(int type, long offsetBytes, int length) {
    request
        .clear()
        .putInt(REQUEST_MAGIC)
        .putShort((short) 0)
        .putShort((short) type)
        .putLong(++cookie)
        .putLong(offsetBytes)
        .putInt(length)
        .flip();
  }

  private static void send(SocketChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  private static void receive(SocketChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      if (channel.read(bytes) < 0) {
        throw new EOFException("the NBD server ended the connection");
      }
    }
    bytes.flip();
  }

  @Override
  public void close() throws IOException {
    try (channel) {
      put(DISCONNECT, 0, 0);
      send(channel, request);
    }
  }
}
