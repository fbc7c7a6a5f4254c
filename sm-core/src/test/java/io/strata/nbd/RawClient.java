// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/// A client that sends whatever bytes a test wants.
final class RawClient implements AutoCloseable {
  private final SocketChannel channel;

  RawClient(SocketAddress address) throws IOException {
    channel = SocketChannel.open(address);
  }

  /// A reply without payload.
  record Reply(int error, long cookie) {}

  void send(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /// Receives `count` bytes; fewer if the server closes first.
  ByteBuffer receive(int count) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(count);
    while (bytes.hasRemaining() && readSome(bytes)) {}
    return bytes.flip();
  }

  private boolean readSome(ByteBuffer bytes) throws IOException {
    try {
      return channel.read(bytes) >= 0;
    } catch (IOException reset) {
      return false;
    }
  }

  boolean closedByServer() throws IOException {
    return receive(1).remaining() == 0;
  }

  /// Receives the greeting and answers it.
  void greet(int clientFlags) throws IOException {
    receive(NbdWire.GREETING_BYTES);
    send(ByteBuffer.allocate(4).putInt(clientFlags).flip());
  }

  void sendOption(int option, byte[] data) throws IOException {
    send(ByteBuffer.wrap(optionBytes(option, data)));
  }

  static byte[] optionBytes(int option, byte[] data) {
    return ByteBuffer.allocate(NbdWire.OPTION_HEADER_BYTES + data.length)
        .putLong(NbdWire.IHAVEOPT)
        .putInt(option)
        .putInt(data.length)
        .put(data)
        .array();
  }

  /// The type of the next reply to an option; its data is dropped.
  int receiveOptionReply() throws IOException {
    ByteBuffer header = receive(NbdWire.OPTION_REPLY_HEADER_BYTES);
    receive(header.getInt(16));
    return header.getInt(12);
  }

  /// Enters transmission by the oldest option: simple replies only.
  void enter(String export) throws IOException {
    greet(NbdWire.FLAG_FIXED_NEWSTYLE | NbdWire.FLAG_NO_ZEROES);
    sendOption(NbdWire.OPT_EXPORT_NAME, export.getBytes(StandardCharsets.UTF_8));
    receive(NbdWire.EXPORT_NAME_REPLY_BYTES);
  }

  void request(int type, int flags, long cookie, long offset, int length) throws IOException {
    send(requestBytes(type, flags, cookie, offset, length, new byte[0]));
  }

  static ByteBuffer requestBytes(
      int type, int flags, long cookie, long offset, int length, byte[] payload) {
    return ByteBuffer.allocate(NbdWire.REQUEST_BYTES + payload.length)
        .putInt(NbdWire.REQUEST_MAGIC)
        .putShort((short) flags)
        .putShort((short) type)
        .putLong(cookie)
        .putLong(offset)
        .putInt(length)
        .put(payload)
        .flip();
  }

  Reply receiveReply() throws IOException {
    ByteBuffer reply = receive(NbdWire.SIMPLE_REPLY_BYTES);
    if (reply.getInt() != NbdWire.SIMPLE_REPLY_MAGIC) {
      throw new IOException("no simple reply");
    }
    return new Reply(reply.getInt(), reply.getLong());
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
