// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import io.strata.block.Extent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// A request of a client from its sending to its answer. The thread that receives replies fills it
/// in; whoever asked waits for it.
final class ClientRequest {
  private static final int ENOSPC = 28;

  private final int type;
  private final int flags;
  private final long offsetBytes;
  private final long lengthBytes;
  private final ByteBuffer data;

  // Written by the receiving thread before the latch opens, read after.
  private final CountDownLatch answered = new CountDownLatch(1);
  private final List<Extent> extents = new ArrayList<>();
  private long received;
  private int error;
  private String failure = "";

  /// @param data the payload of a write, or where a read goes: this view is the request's own
  ClientRequest(int type, int flags, long offsetBytes, long lengthBytes, ByteBuffer data) {
    this.type = type;
    this.flags = flags;
    this.offsetBytes = offsetBytes;
    this.lengthBytes = lengthBytes;
    this.data = data;
  }

  int type() {
    return type;
  }

  long lengthBytes() {
    return lengthBytes;
  }

  /// The payload of a write; empty otherwise.
  ByteBuffer payload() {
    return type == NbdWire.CMD_WRITE ? data : ByteBuffer.allocate(0);
  }

  void putHeader(ByteBuffer header, long cookie) {
    header
        .putInt(NbdWire.REQUEST_MAGIC)
        .putShort((short) flags)
        .putShort((short) type)
        .putLong(cookie)
        .putLong(offsetBytes)
        .putInt((int) lengthBytes);
  }

  /// The part of a read's target for a chunk that the server sends.
  ///
  /// @throws IOException the chunk lies outside the request
  ByteBuffer target(long chunkOffsetBytes, long chunkLengthBytes) throws IOException {
    long from = chunkOffsetBytes - offsetBytes;
    if (type != NbdWire.CMD_READ
        || from < 0
        || chunkLengthBytes <= 0
        || from + chunkLengthBytes > lengthBytes) {
      throw new IOException(
          "the NBD server sent %d bytes at %d for %s"
              .formatted(chunkLengthBytes, chunkOffsetBytes, this));
    }
    received += chunkLengthBytes;
    return data.slice(data.position() + (int) from, (int) chunkLengthBytes);
  }

  /// All of a read's target.
  ByteBuffer wholeTarget() throws IOException {
    return target(offsetBytes, lengthBytes);
  }

  void addExtent(long extentLengthBytes, int state) throws IOException {
    long start = extents.isEmpty() ? offsetBytes : extents.getLast().endBytes();
    if (extentLengthBytes <= 0) {
      throw new IOException("the NBD server sent an empty extent at " + start);
    }
    long length = Math.min(extentLengthBytes, offsetBytes + lengthBytes - start);
    if (length > 0) {
      extents.add(new Extent(start, length, kindOf(state)));
    }
  }

  private static Extent.Kind kindOf(int state) {
    if ((state & NbdWire.STATE_ZERO) == 0) {
      return Extent.Kind.DATA;
    }
    return (state & NbdWire.STATE_HOLE) == 0 ? Extent.Kind.ZERO : Extent.Kind.HOLE;
  }

  void setError(int code) {
    error = code;
  }

  /// Says that nothing more will come.
  void complete() {
    answered.countDown();
  }

  /// Says that there will be no answer.
  void abort(String reason) {
    failure = reason;
    answered.countDown();
  }

  /// Waits for the answer.
  ///
  /// @return whether it came in time
  boolean await(long timeoutMillis) throws InterruptedException {
    return answered.await(timeoutMillis, TimeUnit.MILLISECONDS);
  }

  /// Source of the extents of a block-status request that was answered.
  List<Extent> extents() {
    return extents;
  }

  /// @throws IOException the request failed
  void requireSuccess() throws IOException {
    if (!failure.isEmpty()) {
      throw new IOException("%s: %s".formatted(this, failure));
    }
    if (error == ENOSPC) {
      throw new IOException("%s: No space left on device".formatted(this));
    }
    if (error != 0) {
      throw new IOException("%s: the NBD server answered error %d".formatted(this, error));
    }
    if (type == NbdWire.CMD_READ && received != lengthBytes) {
      throw new IOException("%s: the NBD server sent %d bytes".formatted(this, received));
    }
    if (type == NbdWire.CMD_BLOCK_STATUS && extents.isEmpty()) {
      throw new IOException("%s: the NBD server sent no extent".formatted(this));
    }
  }

  @Override
  public String toString() {
    return "NBD command %d of %d bytes at %d".formatted(type, lengthBytes, offsetBytes);
  }
}
