// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.rpc;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;

/// A socket whose reads and writes end after a time without any byte. For one thread.
final class TimedChannel implements ReadableByteChannel {
  private final SocketChannel channel;
  private final Selector selector;
  private final SelectionKey key;
  private final Duration silence;

  TimedChannel(SocketChannel channel, Duration silence) throws IOException {
    this.channel = channel;
    this.silence = silence;
    this.selector = Selector.open();
    channel.configureBlocking(false);
    this.key = channel.register(selector, 0);
  }

  @Override
  public int read(ByteBuffer target) throws IOException {
    int count = channel.read(target);
    while (count == 0 && target.hasRemaining()) {
      await(SelectionKey.OP_READ);
      count = channel.read(target);
    }
    return count;
  }

  void writeFully(ByteBuffer source) throws IOException {
    while (source.hasRemaining()) {
      if (channel.write(source) == 0) {
        await(SelectionKey.OP_WRITE);
      }
    }
  }

  private void await(int operation) throws IOException {
    key.interestOps(operation);
    selector.selectedKeys().clear();
    if (selector.select(silence.toMillis()) == 0) {
      throw new SocketTimeoutException(
          "The daemon was silent for " + silence.toSeconds() + " seconds.");
    }
  }

  @Override
  public boolean isOpen() {
    return channel.isOpen();
  }

  @Override
  public void close() throws IOException {
    try (selector) {
      channel.close();
    }
  }
}
