// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.nbd.PollingPolicy.Pollers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A socket whose policy always polls: each case is one where that must not show.
@Timeout(60)
class PolledSocketTest {
  private static final int LONG_REPLY_BYTES = 8 << 20;

  private final Pollers pollers = new Pollers(1);
  private final PollingPolicy requests = new PollingPolicy(pollers);
  private final PollingPolicy payloads = new PollingPolicy(pollers);
  private SocketChannel client;
  private SocketChannel server;
  private PolledSocket socket;

  @BeforeEach
  void connect(@TempDir Path folder) throws IOException {
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(folder.resolve("s"));
    try (ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      listener.bind(address);
      client = SocketChannel.open(address);
      server = listener.accept();
    }
    socket = new PolledSocket(server, requests, payloads);
    PollingPolicyTest.makeWilling(requests);
  }

  @AfterEach
  void close() throws IOException {
    client.close();
    server.close();
  }

  @Test
  void aPollInVainSleepsUntilTheClientSends() throws Exception {
    pollSomething();
    CompletableFuture<Integer> first = reading();
    while (!server.isBlocking()) {
      Thread.onSpinWait();
    }
    assertThat(first).isNotDone();
    client.write(ByteBuffer.wrap(new byte[3]));
    assertThat(first.get(30, TimeUnit.SECONDS)).isEqualTo(3);
    assertThat(pollers.polling()).isZero();
  }

  @Test
  void aPollFindsWhatIsThere() throws IOException {
    pollSomething();
    assertThat(pollers.polling()).isZero();
  }

  @Test
  void theRestOfAPayloadIsPolledWhateverComesAfterIt() throws IOException {
    requests.served(false);
    socket.inPayload(true);
    for (int i = 0; i < PollingPolicy.SHORT_WAITS; i++) {
      payloads.waited(PollingPolicy.LONGEST_NANOS);
    }
    pollSomething();
    assertThat(pollers.polling()).isZero();
  }

  @Test
  void theNextRequestIsNotPolledBecauseAPayloadWas() throws IOException {
    PollingPolicyTest.makeWilling(payloads);
    requests.served(false);
    socket.inPayload(true);
    pollSomething();
    socket.inPayload(false);
    client.write(ByteBuffer.wrap(new byte[4]));
    assertThat(socket.read(ByteBuffer.allocateDirect(100))).isEqualTo(4);
    assertThat(server.isBlocking()).isTrue();
  }

  @Test
  void aPollSeesTheEndOfTheStream() throws IOException {
    client.close();
    assertThat(socket.read(ByteBuffer.allocateDirect(100))).isEqualTo(-1);
    assertThat(pollers.polling()).isZero();
  }

  @Test
  void aPollOfAClosedSocketFailsAndFreesItsPlace() throws IOException {
    server.close();
    assertThatThrownBy(() -> socket.read(ByteBuffer.allocateDirect(100)))
        .isInstanceOf(ClosedChannelException.class);
    assertThat(pollers.polling()).isZero();
  }

  @Test
  void aReplyLongerThanTheSocketHoldsIsSentWholeAfterAPoll() throws Exception {
    pollSomething();
    byte[] reply = new byte[LONG_REPLY_BYTES];
    new Random(7).nextBytes(reply);
    CompletableFuture<byte[]> received = CompletableFuture.supplyAsync(this::receiveLongReply);
    ByteBuffer[] pieces = {
      ByteBuffer.wrap(reply, 0, LONG_REPLY_BYTES / 2),
      ByteBuffer.wrap(reply, LONG_REPLY_BYTES / 2, LONG_REPLY_BYTES / 4)
    };
    while (pieces[1].hasRemaining()) {
      assertThat(socket.write(pieces)).isPositive();
    }
    ByteBuffer last = ByteBuffer.wrap(reply, LONG_REPLY_BYTES / 4 * 3, LONG_REPLY_BYTES / 4);
    while (last.hasRemaining()) {
      assertThat(socket.write(last)).isPositive();
    }
    assertThat(received.get(30, TimeUnit.SECONDS)).isEqualTo(reply);
  }

  @Test
  void theChannelForSendingWithoutCopyingBlocks() throws IOException {
    pollSomething();
    assertThat(socket.blocking().isBlocking()).isTrue();
  }

  private void pollSomething() throws IOException {
    client.write(ByteBuffer.wrap(new byte[5]));
    assertThat(socket.read(ByteBuffer.allocateDirect(100))).isEqualTo(5);
    assertThat(server.isBlocking()).isFalse();
  }

  private CompletableFuture<Integer> reading() {
    return CompletableFuture.supplyAsync(() -> {
      try {
        return socket.read(ByteBuffer.allocateDirect(100));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    });
  }

  private byte[] receiveLongReply() {
    ByteBuffer all = ByteBuffer.allocate(LONG_REPLY_BYTES);
    try {
      while (all.hasRemaining() && client.read(all) >= 0) {
        // The server waits for every part to be taken.
        Thread.onSpinWait();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return all.array();
  }
}
