// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;

/// What a client sent and nobody has looked at yet: whole bursts of requests in one direct buffer.
///
/// For one thread.
final class RequestBuffer {
  static final int CAPACITY_BYTES = 512 << 10;

  /// When more than this is still to come of a payload, nothing after it is read along, so that the
  /// next request starts at the front of the buffer and needs no moving.
  private static final int EXACT_READ_BYTES = 128 << 10;

  private final ReadableByteChannel channel;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(CAPACITY_BYTES);
  private final ByteBuffer view = buffer.duplicate();

  // Unread bytes are those from start to end.
  private int start;
  private int end;

  /// @param leftover bytes that arrived together with the end of the handshake
  RequestBuffer(ReadableByteChannel channel, ByteBuffer leftover) {
    this.channel = channel;
    end = leftover.remaining();
    buffer.put(0, leftover, leftover.position(), end);
  }

  boolean holds(int bytes) {
    return end - start >= bytes;
  }

  /// Bytes that are there.
  int available() {
    return end - start;
  }

  /// Blocks until `bytes` are there.
  ///
  /// @return false at the end of the stream
  boolean await(int bytes) throws IOException {
    if (start == end) {
      start = 0;
      end = 0;
    } else if (start + bytes > CAPACITY_BYTES) {
      moveToFront();
    }
    while (!holds(bytes)) {
      int missing = bytes - available();
      buffer.limit(missing > EXACT_READ_BYTES ? end + missing : CAPACITY_BYTES).position(end);
      int read = channel.read(buffer);
      if (read < 0) {
        return false;
      }
      end += read;
    }
    return true;
  }

  private void moveToFront() {
    buffer.limit(end).position(start);
    buffer.compact();
    end -= start;
    start = 0;
  }

  short shortAt(int index) {
    return buffer.getShort(start + index);
  }

  int intAt(int index) {
    return buffer.getInt(start + index);
  }

  long longAt(int index) {
    return buffer.getLong(start + index);
  }

  /// The next `bytes`; the buffer returned is valid until the next call here.
  ByteBuffer peek(int bytes) {
    return view.limit(start + bytes).position(start);
  }

  /// Done with the next `bytes`.
  void skip(int bytes) {
    start += bytes;
  }
}
