// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;

/// The client's side of a handshake: structured replies and base:allocation where the server has
/// them, then `GO`. Source: `doc/proto.md`, "Fixed newstyle negotiation". For one thread.
final class ClientHandshake {
  /// No reply of a sane server is longer.
  private static final int MAX_REPLY_BYTES = 64 << 10;

  private final WritableByteChannel output;
  private final ClientInput input;
  private final byte[] exportName;

  /// What the server said of the export.
  ///
  /// @param sizeBytes size of the export
  /// @param transmissionFlags see [NbdWire]
  /// @param baseAllocation whether it tells the allocation
  record Terms(long sizeBytes, int transmissionFlags, boolean baseAllocation) {
    boolean has(int flag) {
      return (transmissionFlags & flag) != 0;
    }
  }

  /// One reply to an option.
  private record Reply(int type, ByteBuffer data) {
    boolean isError() {
      return (type & NbdWire.REP_ERROR_BIT) != 0;
    }
  }

  ClientHandshake(WritableByteChannel output, ClientInput input, String exportName) {
    this.output = output;
    this.input = input;
    this.exportName = exportName.getBytes(StandardCharsets.UTF_8);
  }

  /// @throws IOException the server refuses the export, or breaks the protocol
  Terms negotiate() throws IOException {
    greet();
    boolean structured = isAcknowledged(NbdWire.OPT_STRUCTURED_REPLY, ByteBuffer.allocate(0));
    boolean baseAllocation = structured && chooseBaseAllocation();
    return go(baseAllocation);
  }

  private void greet() throws IOException {
    long password = input.readLong();
    long magic = input.readLong();
    if (password != NbdWire.INIT_PASSWD || magic != NbdWire.IHAVEOPT) {
      throw new IOException("no NBD server: greeting 0x%016x 0x%016x".formatted(password, magic));
    }
    int wanted = NbdWire.FLAG_FIXED_NEWSTYLE | NbdWire.FLAG_NO_ZEROES;
    int flags = input.readShort() & wanted;
    if ((flags & NbdWire.FLAG_FIXED_NEWSTYLE) == 0) {
      throw new IOException("the NBD server is too old: no fixed newstyle");
    }
    send(ByteBuffer.allocate(NbdWire.CLIENT_FLAGS_BYTES).putInt(flags));
  }

  private boolean isAcknowledged(int option, ByteBuffer data) throws IOException {
    sendOption(option, data);
    return receive(option).type() == NbdWire.REP_ACK;
  }

  private boolean chooseBaseAllocation() throws IOException {
    byte[] context = NbdWire.BASE_ALLOCATION.getBytes(StandardCharsets.UTF_8);
    ByteBuffer data =
        ByteBuffer.allocate(12 + exportName.length + context.length)
            .putInt(exportName.length)
            .put(exportName)
            .putInt(1)
            .putInt(context.length)
            .put(context);
    sendOption(NbdWire.OPT_SET_META_CONTEXT, data.flip());
    boolean chosen = false;
    while (true) {
      Reply reply = receive(NbdWire.OPT_SET_META_CONTEXT);
      if (reply.type() == NbdWire.REP_META_CONTEXT) {
        chosen = true;
      } else {
        return chosen && reply.type() == NbdWire.REP_ACK;
      }
    }
  }

  private Terms go(boolean baseAllocation) throws IOException {
    ByteBuffer data =
        ByteBuffer.allocate(6 + exportName.length)
            .putInt(exportName.length)
            .put(exportName)
            .putShort((short) 0);
    sendOption(NbdWire.OPT_GO, data.flip());
    long size = -1;
    int flags = 0;
    while (true) {
      Reply reply = receive(NbdWire.OPT_GO);
      if (reply.isError()) {
        throw new IOException(
            "the NBD server refuses the export: error %d %s"
                .formatted(
                    reply.type() & ~NbdWire.REP_ERROR_BIT,
                    StandardCharsets.UTF_8.decode(reply.data())));
      }
      if (reply.type() == NbdWire.REP_ACK) {
        break;
      }
      if (reply.type() == NbdWire.REP_INFO
          && reply.data().remaining() >= 12
          && reply.data().getShort() == NbdWire.INFO_EXPORT) {
        size = reply.data().getLong();
        flags = reply.data().getShort();
      }
    }
    if (size < 0) {
      throw new IOException("the NBD server did not tell the export's size");
    }
    return new Terms(size, flags, baseAllocation);
  }

  private void sendOption(int option, ByteBuffer data) throws IOException {
    send(
        ByteBuffer.allocate(NbdWire.OPTION_HEADER_BYTES + data.remaining())
            .putLong(NbdWire.IHAVEOPT)
            .putInt(option)
            .putInt(data.remaining())
            .put(data));
  }

  private void send(ByteBuffer message) throws IOException {
    message.flip();
    while (message.hasRemaining()) {
      output.write(message);
    }
  }

  private Reply receive(int option) throws IOException {
    long magic = input.readLong();
    int answered = input.readInt();
    int type = input.readInt();
    int length = input.readInt();
    if (magic != NbdWire.OPTION_REPLY_MAGIC || answered != option) {
      throw new IOException(
          "option reply 0x%016x to option %d instead of %d".formatted(magic, answered, option));
    }
    if (length < 0 || length > MAX_REPLY_BYTES) {
      throw new IOException("option reply of %d bytes".formatted(Integer.toUnsignedLong(length)));
    }
    return new Reply(type, ByteBuffer.wrap(input.readBytes(length)));
  }
}
