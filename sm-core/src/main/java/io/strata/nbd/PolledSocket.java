// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SocketChannel;

/// A client's socket, which is polled for a while before its thread sleeps, where that pays.
///
/// Waking a thread takes longer than a request that the page cache answers. A client that makes one
/// request at a time and comes back soon is therefore waited for awake, as hypervisors poll before
/// they halt a processor; and so is the rest of a payload, of which a socket holds a part only. For
/// each of the two a [PollingPolicy] says when. All other reads and writes block.
///
/// The channel stays the owner's. For one thread.
final class PolledSocket implements ReadableByteChannel, GatheringByteChannel {
  private final SocketChannel channel;
  private final PollingPolicy requests;
  private final PollingPolicy payloads;
  private boolean inPayload;
  private boolean blocking = true;

  /// @param channel in blocking mode
  /// @param requests for the next request
  /// @param payloads for the rest of a request
  PolledSocket(SocketChannel channel, PollingPolicy requests, PollingPolicy payloads) {
    this.channel = channel;
    this.requests = requests;
    this.payloads = payloads;
    payloads.served(true);
  }

  /// The channel itself, in blocking mode, for sending without copying.
  SocketChannel blocking() throws IOException {
    block(true);
    return channel;
  }

  /// Says what the client did last.
  ///
  /// @param alone whether it made one request, and nothing more is on its way
  void served(boolean alone) {
    requests.served(alone);
  }

  /// Says whether the client is in the middle of a request: the rest is on its way.
  void inPayload(boolean middle) {
    inPayload = middle;
  }

  /// Blocks until there is something to read.
  @Override
  public int read(ByteBuffer target) throws IOException {
    PollingPolicy policy = inPayload ? payloads : requests;
    if (policy.startPolling()) {
      int read;
      try {
        read = poll(target, policy);
      } finally {
        policy.stopPolling();
      }
      if (read != 0) {
        return read;
      }
    }
    block(true);
    long start = System.nanoTime();
    int read = channel.read(target);
    policy.waited(System.nanoTime() - start);
    return read;
  }

  @SuppressWarnings("ThreadPriorityCheck") // a yield that does nothing costs nothing but the time
  private int poll(ByteBuffer target, PollingPolicy policy) throws IOException {
    block(false);
    int read = channel.read(target);
    if (read != 0) {
      return read;
    }
    long start = System.nanoTime();
    while (read == 0) {
      if (System.nanoTime() - start > PollingPolicy.LONGEST_NANOS) {
        policy.missed();
        return 0;
      }
      // Whoever else wants the processor has it.
      Thread.yield();
      read = channel.read(target);
    }
    return read;
  }

  @Override
  public int write(ByteBuffer source) throws IOException {
    int written = channel.write(source);
    if (written == 0 && source.hasRemaining()) {
      block(true);
      written = channel.write(source);
    }
    return written;
  }

  @Override
  public long write(ByteBuffer[] sources, int offset, int length) throws IOException {
    long written = channel.write(sources, offset, length);
    if (written == 0) {
      block(true);
      written = channel.write(sources, offset, length);
    }
    return written;
  }

  @Override
  public long write(ByteBuffer[] sources) throws IOException {
    return write(sources, 0, sources.length);
  }

  private void block(boolean wanted) throws IOException {
    if (blocking != wanted) {
      channel.configureBlocking(wanted);
      blocking = wanted;
    }
  }

  @Override
  public boolean isOpen() {
    return channel.isOpen();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
