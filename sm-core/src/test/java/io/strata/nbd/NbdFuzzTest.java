// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.BlockDevice.Durability;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Well-formed conversations with bytes changed, removed, doubled and cut: whatever a client sends,
/// the server lives, its memory stays within bounds, and another client is served as before.
///
/// Every failure names its seed; `-Dnbd.fuzz.seed=N` begins with that one, and
/// `-Dnbd.fuzz.rounds=N` says how many follow.
@Timeout(300)
final class NbdFuzzTest {
  private static final int SIZE_BYTES = 1 << 20;
  private static final long FIRST_SEED = Long.getLong("nbd.fuzz.seed", 1);
  private static final int ROUNDS = Integer.getInteger("nbd.fuzz.rounds", 400);
  private static final int ROUNDS_PER_LOOK = 20;

  /// A server that neither answers nor ends is left after so many looks: clients go too.
  private static final int MOST_LOOKS = 20_000;

  /// What the server may hold for clients that are gone, with a collector's slack.
  private static final long GROWTH_BYTES = 256L << 20;

  private final MemoryDevice victim = new MemoryDevice(SIZE_BYTES);
  private TestServer server;
  private NbdClient bystander;
  private ByteBuffer secret;

  @BeforeEach
  void start() throws IOException {
    server =
        new TestServer(new MemoryDevice(SIZE_BYTES), new NbdLimits(Duration.ofMillis(500), 64, 64));
    server.exports().add(new NbdExport("victim", "", victim));
    bystander = server.connect();
    secret = ByteBuffer.allocate(SIZE_BYTES);
    new SplittableRandom(7).nextBytes(secret.array());
    bystander.write(0, secret.duplicate(), Durability.WRITE_BACK);
  }

  @AfterEach
  void stop() throws IOException {
    bystander.close();
    server.close();
  }

  @Test
  void mutatedHandshakesHarmNobody() throws Exception {
    fuzz(NbdFuzzTest::handshake);
  }

  @Test
  void mutatedRequestsHarmNobody() throws Exception {
    byte[] entry = entry();
    fuzz(random -> {
      byte[] requests = mutated(requests(random), random);
      return concat(entry, requests);
    });
  }

  private interface Conversation {
    byte[] of(SplittableRandom random) throws IOException;
  }

  private void fuzz(Conversation conversation) throws Exception {
    long before = heapBytes();
    for (long seed = FIRST_SEED; seed < FIRST_SEED + ROUNDS; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      converse(conversation.of(random), random);
      if (seed % ROUNDS_PER_LOOK == 0) {
        assertServesOthers(seed);
      }
    }
    assertServesOthers(FIRST_SEED + ROUNDS);
    assertThat(victim.reads).as("some conversations get as far as reads").hasPositiveValue();
    server.exports().remove("victim", Duration.ofSeconds(60));
    assertThat(heapBytes() - before).as("growth of the heap").isLessThan(GROWTH_BYTES);
  }

  /// Sends everything, says that nothing follows, and takes answers until the server ends it; one
  /// in ten goes without a word.
  private void converse(byte[] bytes, SplittableRandom random) throws Exception {
    boolean leaves = random.nextInt(10) == 0;
    try (SocketChannel channel = SocketChannel.open(server.endpoint().address())) {
      channel.configureBlocking(false);
      ByteBuffer rest = ByteBuffer.wrap(bytes);
      ByteBuffer answers = ByteBuffer.allocate(1 << 16);
      boolean finished = false;
      for (int looks = 0; looks < MOST_LOOKS && channel.read(answers.clear()) >= 0; looks++) {
        if (rest.hasRemaining()) {
          channel.write(rest);
        } else if (leaves) {
          return;
        } else if (!finished) {
          channel.shutdownOutput();
          finished = true;
        }
        if (answers.position() == 0) {
          Thread.sleep(Duration.ofNanos(100_000));
        }
      }
    } catch (IOException reset) {
      // The server may end a hostile client at any moment.
      assertThat(reset).isInstanceOf(IOException.class);
    }
  }

  private void assertServesOthers(long seed) throws IOException {
    ByteBuffer content = ByteBuffer.allocate(SIZE_BYTES);
    bystander.read(0, content);
    assertThat(content.flip().equals(secret)).as("seeds up to %d: another's disk", seed).isTrue();
    try (NbdClient fresh = server.connect()) {
      assertThat(fresh.sizeBytes()).as("seeds up to %d: a new client", seed).isEqualTo(SIZE_BYTES);
    }
  }

  private static long heapBytes() throws InterruptedException {
    for (int i = 0; i < 3; i++) {
      System.gc();
      Thread.sleep(20);
    }
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }

  // --- what is sent ---

  private static byte[] handshake(SplittableRandom random) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.write(ints(random.nextInt(4)));
    int options = random.nextInt(1, 8);
    for (int i = 0; i < options; i++) {
      bytes.write(option(random.nextInt(12), optionData(random)));
    }
    bytes.write(option(NbdWire.OPT_GO, goData("victim")));
    bytes.write(requests(random));
    return mutated(bytes.toByteArray(), random);
  }

  /// To the transmission phase, in the shortest way.
  private static byte[] entry() {
    return concat(
        ints(NbdWire.FLAG_FIXED_NEWSTYLE | NbdWire.FLAG_NO_ZEROES),
        option(NbdWire.OPT_EXPORT_NAME, "victim".getBytes(StandardCharsets.UTF_8)));
  }

  private static byte[] option(int number, byte[] data) {
    return ByteBuffer.allocate(NbdWire.OPTION_HEADER_BYTES + data.length)
        .putLong(NbdWire.IHAVEOPT)
        .putInt(number)
        .putInt(data.length)
        .put(data)
        .array();
  }

  private static byte[] goData(String name) {
    byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(Integer.BYTES + utf8.length + Short.BYTES)
        .putInt(utf8.length)
        .put(utf8)
        .putShort((short) 0)
        .array();
  }

  private static byte[] optionData(SplittableRandom random) {
    return switch (random.nextInt(4)) {
      case 0 -> new byte[0];
      case 1 -> goData("victim");
      case 2 -> goData("no such export");
      default -> {
        byte[] data = new byte[random.nextInt(9_000)];
        random.nextBytes(data);
        yield data;
      }
    };
  }

  private static byte[] requests(SplittableRandom random) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    int count = random.nextInt(1, 30);
    for (int i = 0; i < count; i++) {
      int type = random.nextInt(9);
      int length = random.nextInt(1 << random.nextInt(1, 18));
      long offset = random.nextLong(SIZE_BYTES);
      byte[] payload = new byte[type == NbdWire.CMD_WRITE ? length : 0];
      int flags = random.nextInt(3) == 0 ? random.nextInt(32) : 0;
      bytes.write(RawClient.requestBytes(type, flags, i, offset, length, payload).array());
    }
    return bytes.toByteArray();
  }

  private static byte[] mutated(byte[] original, SplittableRandom random) {
    byte[] bytes = original;
    int mutations = random.nextInt(1, 6);
    for (int i = 0; i < mutations && bytes.length > 0; i++) {
      bytes = mutatedOnce(bytes, random);
    }
    return bytes;
  }

  private static byte[] mutatedOnce(byte[] original, SplittableRandom random) {
    int at = random.nextInt(original.length);
    int length = Math.min(original.length - at, random.nextInt(1, 40));
    byte[] bytes = original.clone();
    switch (random.nextInt(5)) {
      case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
      case 1 -> {
        for (int i = at; i < at + length; i++) {
          bytes[i] = (byte) (random.nextBoolean() ? 0xFF : 0);
        }
      }
      case 2 -> bytes = Arrays.copyOf(original, at);
      case 3 ->
          bytes =
              concat(
                  Arrays.copyOf(original, at),
                  Arrays.copyOfRange(original, at + length, original.length));
      default ->
          bytes =
              concat(
                  Arrays.copyOf(original, at + length),
                  Arrays.copyOfRange(original, at, original.length));
    }
    return bytes;
  }

  private static byte[] ints(int value) {
    return ByteBuffer.allocate(Integer.BYTES).putInt(value).array();
  }

  private static byte[] concat(byte[] first, byte[] second) {
    return ByteBuffer.allocate(first.length + second.length).put(first).put(second).array();
  }
}
