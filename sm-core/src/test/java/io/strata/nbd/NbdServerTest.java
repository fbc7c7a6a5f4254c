// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.BlockDevice.Zeroing;
import io.strata.block.Extent;
import io.strata.block.ReadOnlyDeviceException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Sockets, limits and counting of the server, with the client of the same package.
@Timeout(60)
final class NbdServerTest {
  private static final int SIZE_BYTES = 8 << 20;

  @TempDir private Path directory;

  private final NbdExports exports = new NbdExports();

  private NbdEndpoint.UnixSocket socket(String name) {
    return new NbdEndpoint.UnixSocket(directory.resolve(name));
  }

  @Test
  void unixSocketIsPrivateAndGoneAfterClose() throws IOException {
    NbdEndpoint.UnixSocket endpoint = socket("nbd.sock");
    try (NbdServer server = NbdServer.listen(endpoint, exports)) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(endpoint.path())))
          .isEqualTo("rw-------");
      try (var entries = Files.list(directory)) {
        assertThat(entries).containsExactly(endpoint.path());
      }
      assertThat(server.endpoint()).isEqualTo(endpoint);
    }
    assertThat(endpoint.path()).doesNotExist();
  }

  @Test
  void staleSocketIsReplacedAndLiveOneIsRefused() throws IOException {
    NbdEndpoint.UnixSocket endpoint = socket("nbd.sock");
    try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      dead.bind(UnixDomainSocketAddress.of(endpoint.path()));
    }
    assertThat(endpoint.path()).exists();
    try (NbdServer first = NbdServer.listen(endpoint, exports)) {
      assertThatThrownBy(() -> NbdServer.listen(endpoint, exports))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("another server");
      assertThat(first.endpoint()).isEqualTo(endpoint);
      assertThat(endpoint.path()).exists();
    }
  }

  @Test
  void fileThatIsNoSocketIsNotReplaced() throws IOException {
    NbdEndpoint.UnixSocket endpoint = socket("file");
    Files.writeString(endpoint.path(), "content");
    assertThatThrownBy(() -> NbdServer.listen(endpoint, exports))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("not a socket");
    assertThat(endpoint.path()).hasContent("content");
  }

  @Test
  void socketPathThatIsTooLongIsRefused() {
    assertThatThrownBy(() -> NbdServer.listen(socket("n".repeat(120)), exports))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("too long");
  }

  @Test
  void urisAreEncoded() {
    assertThat(new NbdEndpoint.UnixSocket(Path.of("/run/a b/n&d.sock")).uri("d/1 é"))
        .hasToString("nbd+unix:///d%2F1%20%C3%A9?socket=/run/a%20b/n%26d.sock");
    assertThat(
            new NbdEndpoint.Tcp(new InetSocketAddress(InetAddress.getLoopbackAddress(), 10809))
                .uri("x"))
        .hasToString("nbd://localhost:10809/x");
  }

  @Test
  void halfOpenHandshakesEndInTimeAndOthersAreServed() throws IOException {
    NbdLimits limits = new NbdLimits(Duration.ofMillis(700), 64, 16);
    List<RawClient> halfOpen = new ArrayList<>();
    try (TestServer server = new TestServer(new MemoryDevice(SIZE_BYTES), limits)) {
      for (int i = 0; i < 300; i++) {
        halfOpen.add(server.connectRaw());
        if (i % 100 == 0) {
          server.connect().close();
        }
      }
      try (NbdClient client = server.connect()) {
        client.read(0, ByteBuffer.allocate(512));
        for (RawClient idle : halfOpen) {
          idle.receive(NbdWire.GREETING_BYTES);
          assertThat(idle.closedByServer()).isTrue();
        }
        client.read(0, ByteBuffer.allocate(512));
      }
    } finally {
      for (RawClient idle : halfOpen) {
        idle.close();
      }
    }
  }

  @Test
  void clientsGetInWhileTenThousandStopHalfWay() throws Exception {
    AtomicBoolean over = new AtomicBoolean();
    try (TestServer server = new TestServer(new MemoryDevice(SIZE_BYTES))) {
      FutureTask<Void> flood =
          new FutureTask<>(() -> {
            try {
              stopHalfWay(server, 10_000);
            } finally {
              over.set(true);
            }
            return null;
          });
      try (NbdClient worker = server.connect()) {
        Thread.ofPlatform().daemon().start(flood);
        while (!over.get()) {
          worker.read(0, ByteBuffer.allocate(512));
          try (NbdClient client = server.connect()) {
            client.read(0, ByteBuffer.allocate(512));
          }
        }
      }
      flood.get(60, TimeUnit.SECONDS);
    }
  }

  @Test
  void whoSpeaksStaysHoweverManyComeAndSayNothing() throws IOException {
    NbdLimits limits = new NbdLimits(Duration.ofSeconds(30), 4, 16);
    List<RawClient> silent = new ArrayList<>();
    byte[] choice =
        RawClient.optionBytes(NbdWire.OPT_EXPORT_NAME, TestServer.EXPORT.getBytes(UTF_8));
    try (TestServer server = new TestServer(new MemoryDevice(SIZE_BYTES), limits);
        RawClient slow = server.connectRaw()) {
      slow.greet(NbdWire.FLAG_FIXED_NEWSTYLE | NbdWire.FLAG_NO_ZEROES);
      for (byte piece : choice) {
        for (int i = 0; i < 3; i++) {
          RawClient client = server.connectRaw();
          silent.add(client);
          client.receive(NbdWire.GREETING_BYTES);
        }
        slow.send(ByteBuffer.wrap(new byte[] {piece}));
      }
      assertThat(slow.receive(NbdWire.EXPORT_NAME_REPLY_BYTES).remaining())
          .isEqualTo(NbdWire.EXPORT_NAME_REPLY_BYTES);
      assertThat(silent.getFirst().closedByServer()).isTrue();
    } finally {
      for (RawClient client : silent) {
        client.close();
      }
    }
  }

  /// Connects so many times; the last 2000 stay open until the end.
  private static void stopHalfWay(TestServer server, int times) throws IOException {
    Deque<RawClient> open = new ArrayDeque<>();
    try {
      for (int i = 0; i < times; i++) {
        open.addLast(server.connectRaw());
        if (open.size() > 2000) {
          open.removeFirst().close();
        }
      }
    } finally {
      for (RawClient client : open) {
        client.close();
      }
    }
  }

  @Test
  void clientOverTheLimitIsTurnedAway() throws IOException {
    NbdLimits limits = new NbdLimits(Duration.ofSeconds(10), 4, 2);
    try (TestServer server = new TestServer(new MemoryDevice(SIZE_BYTES), limits);
        NbdClient first = server.connect();
        NbdClient second = server.connect()) {
      first.read(0, ByteBuffer.allocate(1));
      second.read(0, ByteBuffer.allocate(1));
      assertThatThrownBy(server::connect).isInstanceOf(IOException.class);
      assertThat(server.export().connections()).isEqualTo(2);
    }
  }

  @Test
  void clientSeesTheDeviceAsItIs() throws IOException {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    MemoryDevice device = new MemoryDevice(SIZE_BYTES);
    byte[] model = new byte[SIZE_BYTES];
    try (TestServer server = new TestServer(device);
        NbdClient client = server.connect()) {
      for (int i = 0; i < 200; i++) {
        int offset = random.nextInt(SIZE_BYTES);
        int length =
            1 + random.nextInt(Math.min(SIZE_BYTES - offset, i % 10 == 0 ? 4 << 20 : 70_000));
        switch (random.nextInt(3)) {
          case 0 -> {
            byte[] bytes = new byte[length];
            random.nextBytes(bytes);
            System.arraycopy(bytes, 0, model, offset, length);
            client.write(offset, ByteBuffer.wrap(bytes), Durability.FUA);
          }
          case 1 -> {
            Arrays.fill(model, offset, offset + length, (byte) 0);
            client.writeZeroes(offset, length, Zeroing.MAY_DEALLOCATE, Durability.WRITE_BACK);
          }
          default -> {
            ByteBuffer read = ByteBuffer.allocate(length);
            client.read(offset, read);
            assertThat(read.flip()).isEqualTo(ByteBuffer.wrap(model, offset, length));
          }
        }
      }
    }
  }

  @Test
  void extentsPassThroughMerged() throws IOException {
    MemoryDevice device = new MemoryDevice(SIZE_BYTES);
    device.write(8192, ByteBuffer.wrap(new byte[12288]), Durability.WRITE_BACK);
    try (TestServer server = new TestServer(device);
        NbdClient client = server.connect()) {
      List<Extent> extents = new ArrayList<>();
      client.extents(
          100, 100_000, (offset, length, kind) -> extents.add(new Extent(offset, length, kind)));
      assertThat(extents)
          .containsExactly(
              new Extent(100, 8092, Extent.Kind.HOLE),
              new Extent(8192, 12288, Extent.Kind.DATA),
              new Extent(20480, 79620, Extent.Kind.HOLE));
    }
  }

  @Test
  void readOnlyExportRefusesChangesAtTheClient() throws IOException {
    try (TestServer server = new TestServer(new MemoryDevice(SIZE_BYTES, true));
        NbdClient client = server.connect()) {
      assertThat(client.readOnly()).isTrue();
      assertThatThrownBy(() -> client.write(0, ByteBuffer.allocate(1), Durability.FUA))
          .isInstanceOf(ReadOnlyDeviceException.class);
    }
  }

  @Test
  void statisticsCountWhatClientsDid() throws IOException {
    try (TestServer server = new TestServer(new MemoryDevice(SIZE_BYTES))) {
      try (NbdClient client = server.connect()) {
        client.write(0, ByteBuffer.allocate(5000), Durability.WRITE_BACK);
        client.read(0, ByteBuffer.allocate(300));
        client.read(0, ByteBuffer.allocate(700));
        client.flush();
        client.discard(0, 4096);
        client.writeZeroes(0, 4096, Zeroing.ALLOCATE, Durability.WRITE_BACK);
        assertThat(server.export().connections()).isEqualTo(1);
      }
      ExportStatistics statistics = server.export().statistics();
      assertThat(statistics.writes()).isEqualTo(1);
      assertThat(statistics.writtenBytes()).isEqualTo(5000);
      assertThat(statistics.reads()).isEqualTo(2);
      assertThat(statistics.readBytes()).isEqualTo(1000);
      assertThat(statistics.flushes()).isEqualTo(1);
      assertThat(statistics.trims()).isEqualTo(1);
      assertThat(statistics.zeroes()).isEqualTo(1);
      assertThat(statistics.errors()).isZero();
      assertThat(statistics.inflight()).isZero();
      assertThat(statistics.latency().percentileNanos(50)).isPositive();
    }
  }

  @Test
  void tcpServesAsWell() throws IOException {
    exports.add(new NbdExport("disk", "", new MemoryDevice(SIZE_BYTES)));
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    try (NbdServer server = NbdServer.listen(new NbdEndpoint.Tcp(any), exports);
        NbdClient client = NbdClient.connect(server.endpoint(), "disk")) {
      client.write(77, ByteBuffer.wrap(new byte[] {1, 2, 3}), Durability.FUA);
      ByteBuffer read = ByteBuffer.allocate(3);
      client.read(77, read);
      assertThat(read.array()).containsExactly(1, 2, 3);
    }
  }
}
