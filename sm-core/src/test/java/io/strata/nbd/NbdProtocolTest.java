// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What the server answers to clients that send odd, wrong or hostile bytes.
@Timeout(60)
final class NbdProtocolTest {
  private static final int SIZE_BYTES = 1 << 20;
  private static final int EPERM = 1;
  private static final int EIO = 5;
  private static final int EINVAL = 22;
  private static final int ENOSPC = 28;
  private static final int ENOTSUP = 95;

  private final MemoryDevice device = new MemoryDevice(SIZE_BYTES);
  private TestServer server;

  @BeforeEach
  void start() throws IOException {
    server = new TestServer(device);
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
  }

  private RawClient entered() throws IOException {
    RawClient client = server.connectRaw();
    client.enter(TestServer.EXPORT);
    return client;
  }

  private static void assertStillServed(RawClient client) throws IOException {
    client.request(NbdWire.CMD_READ, 0, 99, 0, 16);
    assertThat(client.receiveReply()).isEqualTo(new RawClient.Reply(0, 99));
    assertThat(client.receive(16).remaining()).isEqualTo(16);
  }

  @Test
  void rangeThatOverflowsIsInvalidAndConnectionStays() throws IOException {
    try (RawClient client = entered()) {
      client.request(NbdWire.CMD_READ, 0, 1, Long.MAX_VALUE - 4, 4096);
      assertThat(client.receiveReply()).isEqualTo(new RawClient.Reply(EINVAL, 1));
      client.request(NbdWire.CMD_READ, 0, 2, -4096, 8192);
      assertThat(client.receiveReply()).isEqualTo(new RawClient.Reply(EINVAL, 2));
      client.send(RawClient.requestBytes(NbdWire.CMD_WRITE, 0, 3, -16, 4096, new byte[4096]));
      assertThat(client.receiveReply()).isEqualTo(new RawClient.Reply(EINVAL, 3));
      assertStillServed(client);
    }
  }

  @Test
  void writeBeyondTheEndHasNoSpaceAndItsPayloadIsDropped() throws IOException {
    try (RawClient client = entered()) {
      client.send(
          RawClient.requestBytes(
              NbdWire.CMD_WRITE, 0, 1, SIZE_BYTES - 1, 700_000, new byte[700_000]));
      assertThat(client.receiveReply()).isEqualTo(new RawClient.Reply(ENOSPC, 1));
      client.request(NbdWire.CMD_READ, 0, 2, SIZE_BYTES - 1, 2);
      assertThat(client.receiveReply()).isEqualTo(new RawClient.Reply(EINVAL, 2));
      assertStillServed(client);
    }
  }

  @Test
  void payloadOverTheLimitIsRefusedAndDropped() throws IOException {
    int tooLong = NbdWire.MAXIMUM_PAYLOAD_BYTES + 1;
    try (RawClient client = entered()) {
      client.send(RawClient.requestBytes(NbdWire.CMD_WRITE, 0, 1, 0, tooLong, new byte[tooLong]));
      assertThat(client.receiveReply()).isEqualTo(new RawClient.Reply(EINVAL, 1));
      assertStillServed(client);
    }
  }

  @Test
  void optionOfFourGigabytesDisconnects() throws IOException {
    try (RawClient client = server.connectRaw()) {
      client.greet(NbdWire.FLAG_FIXED_NEWSTYLE);
      client.send(
          ByteBuffer.allocate(NbdWire.OPTION_HEADER_BYTES)
              .putLong(NbdWire.IHAVEOPT)
              .putInt(NbdWire.OPT_GO)
              .putInt(-1)
              .flip());
      assertThat(client.closedByServer()).isTrue();
    }
  }

  @Test
  void badMagicOfAnOptionDisconnects() throws IOException {
    try (RawClient client = server.connectRaw()) {
      client.greet(NbdWire.FLAG_FIXED_NEWSTYLE);
      client.send(ByteBuffer.allocate(8).putLong(0x4142434445464748L).flip());
      assertThat(client.closedByServer()).isTrue();
    }
  }

  @Test
  void badMagicOfARequestDisconnects() throws IOException {
    try (RawClient client = entered()) {
      ByteBuffer request = RawClient.requestBytes(NbdWire.CMD_READ, 0, 1, 0, 512, new byte[0]);
      client.send(request.putInt(0, 0x12345678));
      assertThat(client.closedByServer()).isTrue();
    }
  }

  @Test
  void unknownClientFlagsDisconnect() throws IOException {
    try (RawClient client = server.connectRaw()) {
      client.greet(1 << 7);
      assertThat(client.closedByServer()).isTrue();
    }
  }

  @Test
  void unknownOptionsAreUnsupported() throws IOException {
    try (RawClient client = server.connectRaw()) {
      client.greet(NbdWire.FLAG_FIXED_NEWSTYLE);
      for (int option : new int[] {5, 11, 77}) {
        client.sendOption(option, new byte[option]);
        assertThat(client.receiveOptionReply()).isEqualTo(NbdWire.REP_ERR_UNSUP);
      }
      client.sendOption(NbdWire.OPT_ABORT, new byte[0]);
      assertThat(client.receiveOptionReply()).isEqualTo(NbdWire.REP_ACK);
      assertThat(client.closedByServer()).isTrue();
    }
  }

  @Test
  void unknownAndEmptyExportNamesAreRefused() throws IOException {
    try (RawClient client = server.connectRaw()) {
      client.greet(NbdWire.FLAG_FIXED_NEWSTYLE);
      client.sendOption(NbdWire.OPT_GO, go("nothing"));
      assertThat(client.receiveOptionReply()).isEqualTo(NbdWire.REP_ERR_UNKNOWN);
      client.sendOption(NbdWire.OPT_GO, go(""));
      assertThat(client.receiveOptionReply()).isEqualTo(NbdWire.REP_ERR_UNKNOWN);
      client.sendOption(NbdWire.OPT_EXPORT_NAME, "nothing".getBytes(StandardCharsets.UTF_8));
      assertThat(client.closedByServer()).isTrue();
    }
  }

  @Test
  void emptyNameMeansTheDefaultExportWhereThereIsOne() throws IOException {
    server.exports().setDefault(TestServer.EXPORT);
    try (NbdClient client = NbdClient.connect(server.endpoint(), "")) {
      assertThat(client.sizeBytes()).isEqualTo(SIZE_BYTES);
    }
  }

  private static byte[] go(String name) {
    byte[] text = name.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(6 + text.length).putInt(text.length).put(text).array();
  }

  @Test
  void truncatedOptionDataIsInvalid() throws IOException {
    try (RawClient client = server.connectRaw()) {
      client.greet(NbdWire.FLAG_FIXED_NEWSTYLE);
      client.sendOption(NbdWire.OPT_GO, new byte[] {0, 0, 0, 50, 'd'});
      assertThat(client.receiveOptionReply()).isEqualTo(NbdWire.REP_ERR_INVALID);
      client.sendOption(NbdWire.OPT_STRUCTURED_REPLY, new byte[0]);
      assertThat(client.receiveOptionReply()).isEqualTo(NbdWire.REP_ACK);
      client.sendOption(NbdWire.OPT_SET_META_CONTEXT, new byte[] {0, 0, 0, 0, 0x7f, -1, -1, -1});
      assertThat(client.receiveOptionReply()).isEqualTo(NbdWire.REP_ERR_INVALID);
      client.sendOption(NbdWire.OPT_GO, go(TestServer.EXPORT));
      assertThat(client.receiveOptionReply()).isEqualTo(NbdWire.REP_INFO);
    }
  }

  @Test
  void handshakeSentByteByByteIsServed() throws IOException {
    byte[] name = TestServer.EXPORT.getBytes(StandardCharsets.UTF_8);
    ByteBuffer all =
        ByteBuffer.allocate(64)
            .putInt(NbdWire.FLAG_FIXED_NEWSTYLE)
            .putLong(NbdWire.IHAVEOPT)
            .putInt(NbdWire.OPT_EXPORT_NAME)
            .putInt(name.length)
            .put(name)
            .put(RawClient.requestBytes(NbdWire.CMD_READ, 0, 7, 0, 1, new byte[0]))
            .flip();
    try (RawClient client = server.connectRaw()) {
      client.receive(NbdWire.GREETING_BYTES);
      while (all.hasRemaining()) {
        client.send(ByteBuffer.wrap(new byte[] {all.get()}));
      }
      ByteBuffer reply =
          client.receive(NbdWire.EXPORT_NAME_REPLY_BYTES + NbdWire.EXPORT_NAME_ZEROES_BYTES);
      assertThat(reply.getLong(0)).isEqualTo(SIZE_BYTES);
      assertThat(client.receiveReply()).isEqualTo(new RawClient.Reply(0, 7));
    }
  }

  @Test
  void unknownCommandsAndFlagsAreInvalid() throws IOException {
    try (RawClient client = entered()) {
      client.request(77, 0, 1, 0, 512);
      assertThat(client.receiveReply()).isEqualTo(new RawClient.Reply(EINVAL, 1));
      client.request(NbdWire.CMD_READ, NbdWire.CMD_FLAG_NO_HOLE, 2, 0, 512);
      assertThat(client.receiveReply()).isEqualTo(new RawClient.Reply(EINVAL, 2));
      client.request(NbdWire.CMD_BLOCK_STATUS, 0, 3, 0, 512);
      assertThat(client.receiveReply()).isEqualTo(new RawClient.Reply(EINVAL, 3));
      client.request(NbdWire.CMD_READ, NbdWire.CMD_FLAG_FUA, 4, 0, 16);
      assertThat(client.receiveReply()).isEqualTo(new RawClient.Reply(0, 4));
    }
  }

  @Test
  void zeroesThatCannotBeFastAreNotSupported() throws IOException {
    device.fastZeroes = false;
    try (RawClient client = entered()) {
      client.request(NbdWire.CMD_WRITE_ZEROES, NbdWire.CMD_FLAG_FAST_ZERO, 1, 0, 4096);
      assertThat(client.receiveReply()).isEqualTo(new RawClient.Reply(ENOTSUP, 1));
      client.request(NbdWire.CMD_WRITE_ZEROES, 0, 2, 0, 4096);
      assertThat(client.receiveReply()).isEqualTo(new RawClient.Reply(0, 2));
    }
  }

  @Test
  void everyChangeOfAReadOnlyExportIsRefused() throws IOException {
    try (TestServer readOnly = new TestServer(new MemoryDevice(SIZE_BYTES, true));
        RawClient client = readOnly.connectRaw()) {
      client.enter(TestServer.EXPORT);
      client.send(RawClient.requestBytes(NbdWire.CMD_WRITE, 0, 1, 0, 512, new byte[512]));
      assertThat(client.receiveReply()).isEqualTo(new RawClient.Reply(EPERM, 1));
      client.request(NbdWire.CMD_TRIM, 0, 2, 0, 512);
      assertThat(client.receiveReply()).isEqualTo(new RawClient.Reply(EPERM, 2));
      client.request(NbdWire.CMD_WRITE_ZEROES, 0, 3, 0, 512);
      assertThat(client.receiveReply()).isEqualTo(new RawClient.Reply(EPERM, 3));
      assertStillServed(client);
    }
  }

  @Test
  void failuresOfTheDeviceBecomeErrorsAndConnectionStays() throws IOException {
    try (RawClient client = entered()) {
      device.readFailure = Optional.of(new IOException("bad sector"));
      client.request(NbdWire.CMD_READ, 0, 1, 0, 512);
      assertThat(client.receiveReply()).isEqualTo(new RawClient.Reply(EIO, 1));
      client.request(NbdWire.CMD_READ, 0, 2, 0, SIZE_BYTES);
      assertThat(client.receiveReply()).isEqualTo(new RawClient.Reply(EIO, 2));
      device.readFailure = Optional.empty();
      device.writeFailure =
          Optional.of(new IOException("write", new IOException("No space left on device")));
      client.send(RawClient.requestBytes(NbdWire.CMD_WRITE, 0, 3, 0, 512, new byte[512]));
      assertThat(client.receiveReply()).isEqualTo(new RawClient.Reply(ENOSPC, 3));
      assertStillServed(client);
    }
    assertThat(server.export().statistics().errors()).isEqualTo(3);
  }

  @Test
  void requestsOfOneBurstShareOneFlushAndAdjoiningReadsOneRead() throws IOException {
    int reads = 32;
    ByteBuffer burst = ByteBuffer.allocate(100 * NbdWire.REQUEST_BYTES);
    for (int i = 0; i < reads; i++) {
      burst.put(RawClient.requestBytes(NbdWire.CMD_READ, 0, i, 512L * i, 512, new byte[0]));
    }
    for (int i = 0; i < 4; i++) {
      burst.put(RawClient.requestBytes(NbdWire.CMD_FLUSH, 0, reads + i, 0, 0, new byte[0]));
    }
    device.write(0, ByteBuffer.wrap(pattern(512 * reads)), MemoryDevice.Durability.WRITE_BACK);
    try (RawClient client = entered()) {
      client.send(burst.flip());
      for (int i = 0; i < reads; i++) {
        assertThat(client.receiveReply()).isEqualTo(new RawClient.Reply(0, i));
        assertThat(client.receive(512))
            .isEqualTo(ByteBuffer.wrap(pattern(512 * reads), 512 * i, 512));
      }
      List<Long> flushed = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        flushed.add(client.receiveReply().cookie());
      }
      assertThat(flushed).containsExactly(32L, 33L, 34L, 35L);
    }
    assertThat(device.reads).hasValue(1);
    assertThat(device.flushes).hasValue(1);
  }

  private static byte[] pattern(int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) (i * 31 + i / 512);
    }
    return bytes;
  }

  @Test
  void afterAFailedFlushEveryWriteFailsUntilTheDeviceIsReplaced() throws IOException {
    device.flushFailure = Optional.of(new IOException("lost writes"));
    try (RawClient client = entered()) {
      client.request(NbdWire.CMD_FLUSH, 0, 1, 0, 0);
      assertThat(client.receiveReply()).isEqualTo(new RawClient.Reply(EIO, 1));
      device.flushFailure = Optional.empty();
      client.request(NbdWire.CMD_FLUSH, 0, 2, 0, 0);
      assertThat(client.receiveReply()).isEqualTo(new RawClient.Reply(EIO, 2));
      client.send(RawClient.requestBytes(NbdWire.CMD_WRITE, 0, 3, 0, 512, new byte[512]));
      assertThat(client.receiveReply()).isEqualTo(new RawClient.Reply(EIO, 3));
      assertStillServed(client);
      assertThat(device.flushes).as("a failed flush is never tried again").hasValue(1);
      assertThat(server.export().failed()).isTrue();

      server.export().recover(new MemoryDevice(SIZE_BYTES), Duration.ofSeconds(5));
      client.send(
          RawClient.requestBytes(
              NbdWire.CMD_WRITE, NbdWire.CMD_FLAG_FUA, 4, 0, 512, new byte[512]));
      assertThat(client.receiveReply()).isEqualTo(new RawClient.Reply(0, 4));
    }
  }
}
