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
/// they halt a processor. [PollingPolicy] says when. All other reads and writes block.
///
/// The channel stays the owner's. For one thread.
final class PolledSocket implements ReadableByteChannel, GatheringByteChannel {
  private final SocketChannel channel;
  private final PollingPolicy policy;
  private boolean blocking = true;

  /// @param channel in blocking mode
  PolledSocket(SocketChannel channel, PollingPolicy policy) {
    this.channel = channel;
    this.policy = policy;
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
    policy.served(alone);
  }

  /// Blocks until there is something to read.
  @Override
  public int read(ByteBuffer target) throws IOException {
    if (policy.startPolling()) {
      int read;
      try {
        read = poll(target);
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
  private int poll(ByteBuffer target) throws IOException {
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
