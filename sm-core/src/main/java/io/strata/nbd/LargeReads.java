// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import io.strata.block.BlockDevice;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Carries out long reads of one connection: in several chunks where the client takes structured
/// replies, with zeroes left out, and data sent from the device without copying where it can.
///
/// A simple reply can't report an error once its header is sent, so there the data is read as a
/// whole first. For the connection's own thread.
final class LargeReads {
  /// Sending without copying pays from here on.
  private static final int SEND_DIRECT_BYTES = 64 << 10;

  /// Shorter runs of zeroes are sent as data.
  private static final int HOLE_BYTES = 32 << 10;

  /// How long others may have to wait at the gate for data that is sent without copying.
  private static final int SEND_STEP_BYTES = 1 << 20;

  private static final int PADDING_BYTES = 64 << 10;

  private final PolledSocket socket;
  private final boolean structured;
  private final Burst burst;
  private final ReplyBatch replies;
  private final BlockStatus status;

  /// For unfragmented replies longer than a batch; grows when needed.
  private ByteBuffer whole = ByteBuffer.allocate(0);

  LargeReads(PolledSocket socket, boolean structured, Burst burst, BlockStatus status) {
    this.socket = socket;
    this.structured = structured;
    this.burst = burst;
    this.replies = burst.replies();
    this.status = status;
  }

  /// Answers a read whose range was checked.
  void read(long cookie, long offsetBytes, int lengthBytes, boolean unfragmented)
      throws IOException {
    burst.count(RequestCounters.READS, 1);
    boolean good;
    if (!structured) {
      good = readWhole(cookie, offsetBytes, lengthBytes);
    } else if (unfragmented) {
      good = readUnfragmented(cookie, offsetBytes, lengthBytes);
    } else {
      good = readFragmented(cookie, offsetBytes, lengthBytes);
    }
    if (good) {
      burst.count(RequestCounters.READ_BYTES, lengthBytes);
      burst.answered();
    } else {
      burst.failed();
    }
  }

  private boolean readUnfragmented(long cookie, long offsetBytes, int lengthBytes)
      throws IOException {
    if (burst.device().transferable(offsetBytes, lengthBytes) < lengthBytes) {
      return readWhole(cookie, offsetBytes, lengthBytes);
    }
    if (!sendDirect(cookie, offsetBytes, lengthBytes)) {
      return false;
    }
    replies.done(cookie);
    return true;
  }

  private boolean readFragmented(long cookie, long offsetBytes, int lengthBytes)
      throws IOException {
    long at = offsetBytes;
    long end = offsetBytes + lengthBytes;
    while (at < end) {
      int remaining = (int) (end - at);
      long direct = burst.device().transferable(at, remaining);
      if (direct >= SEND_DIRECT_BYTES) {
        int length = (int) Math.min(direct, remaining);
        if (!sendDirect(cookie, at, length)) {
          return false;
        }
        at += length;
        continue;
      }
      int length = readFragment(cookie, at, remaining);
      if (length == 0) {
        return false;
      }
      at += length;
    }
    replies.done(cookie);
    return true;
  }

  /// Answers the first part of the range with one chunk.
  ///
  /// @return its length; 0 after an error
  private int readFragment(long cookie, long offsetBytes, int lengthBytes) throws IOException {
    BlockDevice device = burst.device();
    int length = Math.min(lengthBytes, ReplyBatch.MAX_PAYLOAD_BYTES);
    try {
      status.query(device, offsetBytes, lengthBytes, 1);
      int same = status.length(0);
      if (status.zero(0) && (same >= HOLE_BYTES || same == lengthBytes)) {
        burst.makeRoom(0);
        replies.hole(cookie, offsetBytes, same, false);
        return same;
      }
      length = Math.min(length, Math.max(same, SEND_DIRECT_BYTES));
    } catch (IOException | RuntimeException failure) {
      burst.export().deviceFailed("block status", offsetBytes, lengthBytes, failure);
      replies.errorAt(cookie, NbdError.of(failure), offsetBytes);
      return 0;
    }
    burst.makeRoom(length);
    try {
      burst.device().read(offsetBytes, replies.payloadRoom(length));
    } catch (IOException | RuntimeException failure) {
      burst.export().deviceFailed("read", offsetBytes, length, failure);
      replies.errorAt(cookie, NbdError.of(failure), offsetBytes);
      return 0;
    }
    replies.readReply(cookie, offsetBytes, length, false);
    return length;
  }

  /// Answers with one chunk, whose data the device sends itself.
  ///
  /// @return whether that went well; the reply is complete if it did not
  private boolean sendDirect(long cookie, long offsetBytes, int lengthBytes) throws IOException {
    burst.makeRoom(0);
    replies.dataHeader(cookie, offsetBytes, lengthBytes, false);
    burst.sendNow();
    int sent = 0;
    while (sent < lengthBytes) {
      int step;
      try {
        step = sendStep(offsetBytes + sent, Math.min(lengthBytes - sent, SEND_STEP_BYTES));
      } catch (IOException | RuntimeException failure) {
        // Either the device failed, or the client is gone: then this fails, and ends the
        // connection.
        pad(lengthBytes - sent);
        burst.export().deviceFailed("read", offsetBytes + sent, lengthBytes - sent, failure);
        replies.errorAt(cookie, NbdError.of(failure), offsetBytes + sent);
        return false;
      }
      sent += step;
      if (sent < lengthBytes) {
        burst.sendNow();
      }
    }
    return true;
  }

  private int sendStep(long offsetBytes, int lengthBytes) throws IOException {
    int sent = (int) burst.device().transferTo(offsetBytes, lengthBytes, socket.blocking());
    if (sent > 0) {
      return sent;
    }
    int length = Math.min(lengthBytes, ReplyBatch.MAX_PAYLOAD_BYTES);
    ByteBuffer room = replies.payloadRoom(length);
    int start = room.position();
    burst.device().read(offsetBytes, room);
    sendAll(room.position(start));
    return length;
  }

  private void pad(int bytes) throws IOException {
    ByteBuffer zeroes = ByteBuffer.allocate(PADDING_BYTES);
    for (int left = bytes; left > 0; left -= zeroes.limit()) {
      sendAll(zeroes.clear().limit(Math.min(left, PADDING_BYTES)));
    }
  }

  /// Answers with one reply, of data that was read as a whole before.
  private boolean readWhole(long cookie, long offsetBytes, int lengthBytes) throws IOException {
    boolean batched = lengthBytes <= ReplyBatch.MAX_PAYLOAD_BYTES;
    if (batched) {
      burst.makeRoom(lengthBytes);
    }
    ByteBuffer room = batched ? replies.payloadRoom(lengthBytes) : wholeRoom(lengthBytes);
    try {
      burst.device().read(offsetBytes, room);
    } catch (IOException | RuntimeException failure) {
      burst.export().deviceFailed("read", offsetBytes, lengthBytes, failure);
      replies.error(cookie, NbdError.of(failure));
      return false;
    }
    if (batched) {
      replies.readReply(cookie, offsetBytes, lengthBytes, true);
    } else {
      burst.makeRoom(0);
      replies.dataHeader(cookie, offsetBytes, lengthBytes, true);
      burst.sendNow();
      sendAll(room.flip());
    }
    return true;
  }

  private ByteBuffer wholeRoom(int lengthBytes) {
    if (whole.capacity() < lengthBytes) {
      whole = ByteBuffer.allocateDirect(Math.max(lengthBytes, 1 << 20));
    }
    return whole.clear().limit(lengthBytes);
  }

  private void sendAll(ByteBuffer data) throws IOException {
    while (data.hasRemaining()) {
      socket.write(data);
    }
  }
}
