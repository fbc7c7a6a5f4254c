// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The client against a server that leaves.
@Timeout(60)
final class NbdClientTest {
  private static final long SIZE_BYTES = 1 << 20;
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  @TempDir private Path directory;

  @Test
  void closeDoesNotFailWhereTheServerHearsNoGoodbye() throws Exception {
    NbdEndpoint.UnixSocket endpoint = new NbdEndpoint.UnixSocket(directory.resolve("deaf"));
    try (ServerSocketChannel listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        ExecutorService pool = Executors.newSingleThreadExecutor()) {
      listening.bind(endpoint.address());
      Future<SocketChannel> accepted = pool.submit(() -> admit(listening));
      NbdClient client = NbdClient.connect(endpoint, "", PATIENCE);
      assertThat(client.sizeBytes()).isEqualTo(SIZE_BYTES);
      try (SocketChannel server = accepted.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        // From here on a write to it fails, and it has not closed its side.
        server.shutdownInput();
        assertThatCode(client::close).doesNotThrowAnyException();
      }
      assertThatThrownBy(client::flush).hasMessageContaining("closed");
    }
  }

  /// Leads one client through the plainest handshake.
  private static SocketChannel admit(ServerSocketChannel listening) throws IOException {
    SocketChannel channel = listening.accept();
    channel.write(
        ByteBuffer.allocate(NbdWire.GREETING_BYTES)
            .putLong(NbdWire.INIT_PASSWD)
            .putLong(NbdWire.IHAVEOPT)
            .putShort((short) NbdWire.FLAG_FIXED_NEWSTYLE)
            .flip());
    ClientInput input = new ClientInput(channel);
    int _ = input.readInt();
    while (true) {
      long _ = input.readLong();
      int option = input.readInt();
      byte[] _ = input.readBytes(input.readInt());
      if (option == NbdWire.OPT_GO) {
        channel.write(reply(option, NbdWire.REP_INFO, exportInfo()));
        channel.write(reply(option, NbdWire.REP_ACK, ByteBuffer.allocate(0)));
        return channel;
      }
      channel.write(reply(option, NbdWire.REP_ERR_UNSUP, ByteBuffer.allocate(0)));
    }
  }

  private static ByteBuffer exportInfo() {
    return ByteBuffer.allocate(12)
        .putShort((short) NbdWire.INFO_EXPORT)
        .putLong(SIZE_BYTES)
        .putShort((short) (NbdWire.TRANSMISSION_HAS_FLAGS | NbdWire.TRANSMISSION_SEND_FLUSH))
        .flip();
  }

  private static ByteBuffer reply(int option, int type, ByteBuffer data) {
    return ByteBuffer.allocate(NbdWire.OPTION_REPLY_HEADER_BYTES + data.remaining())
        .putLong(NbdWire.OPTION_REPLY_MAGIC)
        .putInt(option)
        .putInt(type)
        .putInt(data.remaining())
        .put(data)
        .flip();
  }
}
