// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;
import java.util.Arrays;

/// Replies of one burst, sent with one system call.
///
/// Replies stand one after the other in one direct buffer, payloads included: the device reads
/// straight into it. Where neighbouring reads were merged into one, the headers of all but the
/// first stand in a second buffer, and the pieces are gathered on sending. Nothing is allocated or
/// copied for a reply.
///
/// For one thread.
final class ReplyBatch {
  static final int CAPACITY_BYTES = 512 << 10;

  /// Kept free for replies without payload, which are appended without asking.
  private static final int RESERVE_BYTES = 128 << 10;

  /// The longest payload for which there is always room in an empty batch.
  static final int MAX_PAYLOAD_BYTES = 256 << 10;

  private static final int INSERT_BYTES = 32 << 10;
  private static final int MAX_PIECES = 1_000;

  private final GatheringByteChannel channel;
  private final boolean structured;
  private final ByteBuffer body = ByteBuffer.allocateDirect(CAPACITY_BYTES);
  private final ByteBuffer inserts = ByteBuffer.allocateDirect(INSERT_BYTES);
  private final ByteBuffer payload = body.duplicate();

  /// A view of the body or of the inserts for each piece to send; made on first use.
  private final ByteBuffer[] bodyViews = new ByteBuffer[MAX_PIECES];

  private final ByteBuffer[] insertViews = new ByteBuffer[MAX_PIECES];
  private final ByteBuffer[] pieces = new ByteBuffer[MAX_PIECES];
  private int pieceCount;

  /// Where the body's piece that is being made starts.
  private int pieceStart;

  ReplyBatch(GatheringByteChannel channel, boolean structured) {
    this.channel = channel;
    this.structured = structured;
  }

  /// Bytes in front of the payload of a read's reply.
  int readHeaderBytes() {
    return structured
        ? NbdWire.CHUNK_BYTES + NbdWire.OFFSET_DATA_BYTES
        : NbdWire.SIMPLE_REPLY_BYTES;
  }

  /// Whether a payload of `bytes` fits, with its header.
  boolean fits(int bytes) {
    return body.position() + bytes <= CAPACITY_BYTES - RESERVE_BYTES;
  }

  /// Whether the headers of `reads` merged reads fit.
  boolean fitsMerged(int reads) {
    return pieceCount + 2 * reads + 1 < MAX_PIECES
        && inserts.position() + reads * readHeaderBytes() <= INSERT_BYTES;
  }

  /// A success without payload.
  void success(long cookie) {
    body.putInt(NbdWire.SIMPLE_REPLY_MAGIC).putInt(0).putLong(cookie);
  }

  /// A failure; of whatever request.
  void error(long cookie, NbdError error) {
    if (!structured) {
      body.putInt(NbdWire.SIMPLE_REPLY_MAGIC).putInt(error.code()).putLong(cookie);
      return;
    }
    byte[] message = error.message();
    putChunk(NbdWire.CHUNK_ERROR, true, cookie, NbdWire.ERROR_BYTES + message.length);
    body.putInt(error.code()).putShort((short) message.length).put(message);
  }

  /// A failure at one offset, after which nothing follows. Only with structured replies.
  void errorAt(long cookie, NbdError error, long offsetBytes) {
    byte[] message = error.message();
    putChunk(NbdWire.CHUNK_ERROR_OFFSET, true, cookie, NbdWire.ERROR_OFFSET_BYTES + message.length);
    body.putInt(error.code()).putShort((short) message.length).put(message).putLong(offsetBytes);
  }

  /// The end of a structured reply.
  void done(long cookie) {
    putChunk(NbdWire.CHUNK_NONE, true, cookie, 0);
  }

  /// A run of zeroes. Only with structured replies.
  void hole(long cookie, long offsetBytes, int lengthBytes, boolean last) {
    putChunk(NbdWire.CHUNK_OFFSET_HOLE, last, cookie, NbdWire.OFFSET_HOLE_BYTES);
    body.putLong(offsetBytes).putInt(lengthBytes);
  }

  /// The header of data that is sent by other means, after [#send].
  void dataHeader(long cookie, long offsetBytes, int lengthBytes, boolean last) {
    putReadHeader(body, cookie, offsetBytes, lengthBytes, last);
  }

  /// Starts the answer to `BLOCK_STATUS`; the descriptors follow by [#descriptor].
  void blockStatus(long cookie, int descriptors) {
    putChunk(
        NbdWire.CHUNK_BLOCK_STATUS,
        true,
        cookie,
        NbdWire.BLOCK_STATUS_BYTES + descriptors * NbdWire.BLOCK_DESCRIPTOR_BYTES);
    body.putInt(NbdWire.BASE_ALLOCATION_ID);
  }

  void descriptor(int lengthBytes, int state) {
    body.putInt(lengthBytes).putInt(state);
  }

  /// Room for `lengthBytes` of payload behind the header of a read that is not written yet. Valid
  /// until the next call; [#readReply] makes it part of the batch.
  ByteBuffer payloadRoom(int lengthBytes) {
    int at = body.position() + readHeaderBytes();
    return payload.limit(at + lengthBytes).position(at);
  }

  /// Sends the first `lengthBytes` of the payload room as the answer to a read.
  ///
  /// @param last whether nothing follows in this reply
  void readReply(long cookie, long offsetBytes, int lengthBytes, boolean last) {
    putReadHeader(body, cookie, offsetBytes, lengthBytes, last);
    body.position(body.position() + lengthBytes);
  }

  /// Sends the next `lengthBytes` of the payload room, after [#readReply], as the answer to another
  /// read.
  void mergedReadReply(long cookie, long offsetBytes, int lengthBytes) {
    endBodyPiece();
    int at = inserts.position();
    putReadHeader(inserts, cookie, offsetBytes, lengthBytes, true);
    ByteBuffer view = insertViews[pieceCount];
    if (view == null) {
      view = inserts.duplicate();
      insertViews[pieceCount] = view;
    }
    pieces[pieceCount++] = view.limit(inserts.position()).position(at);
    body.position(body.position() + lengthBytes);
  }

  private void putReadHeader(
      ByteBuffer target, long cookie, long offsetBytes, int lengthBytes, boolean last) {
    if (structured) {
      putChunk(
          target, NbdWire.CHUNK_OFFSET_DATA, last, cookie, NbdWire.OFFSET_DATA_BYTES + lengthBytes);
      target.putLong(offsetBytes);
    } else {
      target.putInt(NbdWire.SIMPLE_REPLY_MAGIC).putInt(0).putLong(cookie);
    }
  }

  private void putChunk(int type, boolean last, long cookie, int lengthBytes) {
    putChunk(body, type, last, cookie, lengthBytes);
  }

  private static void putChunk(
      ByteBuffer target, int type, boolean last, long cookie, int lengthBytes) {
    target
        .putInt(NbdWire.CHUNK_MAGIC)
        .putShort((short) (last ? NbdWire.CHUNK_FLAG_DONE : 0))
        .putShort((short) type)
        .putLong(cookie)
        .putInt(lengthBytes);
  }

  private void endBodyPiece() {
    if (body.position() > pieceStart) {
      ByteBuffer view = bodyViews[pieceCount];
      if (view == null) {
        view = body.duplicate();
        bodyViews[pieceCount] = view;
      }
      pieces[pieceCount++] = view.limit(body.position()).position(pieceStart);
      pieceStart = body.position();
    }
  }

  boolean isEmpty() {
    return body.position() == 0;
  }

  /// Sends everything; blocks while the client does not take it.
  void send() throws IOException {
    if (isEmpty()) {
      return;
    }
    if (pieceCount == 0) {
      body.flip();
      while (body.hasRemaining()) {
        channel.write(body);
      }
    } else {
      endBodyPiece();
      sendPieces();
    }
    body.clear();
    inserts.clear();
    pieceCount = 0;
    pieceStart = 0;
  }

  private void sendPieces() throws IOException {
    int first = 0;
    while (first < pieceCount) {
      channel.write(pieces, first, pieceCount - first);
      while (first < pieceCount && !pieces[first].hasRemaining()) {
        first++;
      }
    }
    Arrays.fill(pieces, 0, pieceCount, null);
  }
}
