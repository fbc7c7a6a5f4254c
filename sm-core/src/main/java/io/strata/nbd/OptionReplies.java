// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Bytes of a handshake on their way to the client. Source: `doc/proto.md`, "Handshake".
final class OptionReplies {
  private static final int INITIAL_BYTES = 512;

  private byte[] bytes = new byte[INITIAL_BYTES];
  private int start;
  private int end;

  void greeting() {
    room(NbdWire.GREETING_BYTES)
        .putLong(NbdWire.INIT_PASSWD)
        .putLong(NbdWire.IHAVEOPT)
        .putShort((short) (NbdWire.FLAG_FIXED_NEWSTYLE | NbdWire.FLAG_NO_ZEROES));
  }

  /// The answer to `EXPORT_NAME`.
  void exportName(long sizeBytes, int transmissionFlags, boolean zeroes) {
    int padding = zeroes ? NbdWire.EXPORT_NAME_ZEROES_BYTES : 0;
    room(NbdWire.EXPORT_NAME_REPLY_BYTES + padding)
        .putLong(sizeBytes)
        .putShort((short) transmissionFlags)
        .put(new byte[padding]);
  }

  void acknowledge(int option) {
    reply(option, NbdWire.REP_ACK, 0);
  }

  void refuse(int option, int replyType, String message) {
    byte[] text = message.getBytes(StandardCharsets.UTF_8);
    reply(option, replyType, text.length).put(text);
  }

  /// One export of a list.
  void server(int option, String name, String description) {
    byte[] nameBytes = name.getBytes(StandardCharsets.UTF_8);
    byte[] descriptionBytes = description.getBytes(StandardCharsets.UTF_8);
    reply(option, NbdWire.REP_SERVER, 4 + nameBytes.length + descriptionBytes.length)
        .putInt(nameBytes.length)
        .put(nameBytes)
        .put(descriptionBytes);
  }

  void metaContext(int option, int contextId, String context) {
    byte[] text = context.getBytes(StandardCharsets.UTF_8);
    reply(option, NbdWire.REP_META_CONTEXT, 4 + text.length).putInt(contextId).put(text);
  }

  void infoExport(int option, long sizeBytes, int transmissionFlags) {
    info(option, NbdWire.INFO_EXPORT, 10).putLong(sizeBytes).putShort((short) transmissionFlags);
  }

  void infoText(int option, int type, String text) {
    byte[] textBytes = text.getBytes(StandardCharsets.UTF_8);
    info(option, type, textBytes.length).put(textBytes);
  }

  void infoBlockSize(int option) {
    info(option, NbdWire.INFO_BLOCK_SIZE, 12)
        .putInt(NbdWire.MINIMUM_BLOCK_BYTES)
        .putInt(NbdWire.PREFERRED_BLOCK_BYTES)
        .putInt(NbdWire.MAXIMUM_PAYLOAD_BYTES);
  }

  private ByteBuffer info(int option, int type, int dataBytes) {
    return reply(option, NbdWire.REP_INFO, 2 + dataBytes).putShort((short) type);
  }

  private ByteBuffer reply(int option, int type, int dataBytes) {
    return room(NbdWire.OPTION_REPLY_HEADER_BYTES + dataBytes)
        .putLong(NbdWire.OPTION_REPLY_MAGIC)
        .putInt(option)
        .putInt(type)
        .putInt(dataBytes);
  }

  private ByteBuffer room(int count) {
    if (start == end) {
      start = 0;
      end = 0;
    }
    if (end + count > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(end + count, 2 * bytes.length));
    }
    ByteBuffer room = ByteBuffer.wrap(bytes, end, count);
    end += count;
    return room;
  }

  boolean isEmpty() {
    return start == end;
  }

  /// What is to be sent.
  ByteBuffer pending() {
    return ByteBuffer.wrap(bytes, start, end - start);
  }

  /// Says that the first `count` bytes of [#pending] were sent.
  void sent(int count) {
    start += count;
  }
}
