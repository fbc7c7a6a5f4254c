// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.block.BlockDevice.Durability;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Limits of an export under real clients, by a clock that stands still unless the test moves it: a
/// client over its limit waits for ever.
@Timeout(120)
final class NbdThrottleTest {
  private static final int SIZE_BYTES = 1 << 20;
  private static final Duration DRAIN = Duration.ofSeconds(20);
  private static final String LIMITED = "limited";

  /// Waits this long for what must happen.
  private static final long PATIENCE_SECONDS = 60;

  private final AtomicLong clockNanos = new AtomicLong();
  private final Throttle throttle = new Throttle(clockNanos::get);
  private final MemoryDevice device = new MemoryDevice(SIZE_BYTES);
  private final NbdExport limited = new NbdExport(LIMITED, "", device, throttle);
  private final ExecutorService pool = Executors.newCachedThreadPool();
  private TestServer server;

  @BeforeEach
  void start() throws IOException {
    server = new TestServer(new MemoryDevice(SIZE_BYTES));
    server.exports().add(limited);
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
    pool.shutdown();
    assertThat(pool.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
  }

  private NbdClient connect() throws IOException {
    return NbdClient.connect(server.endpoint(), LIMITED, Duration.ofSeconds(PATIENCE_SECONDS));
  }

  private static ThrottleLimits requests(long perSecond) {
    return new ThrottleLimits(OptionalLong.of(perSecond), OptionalLong.empty(), Duration.ZERO);
  }

  private static ThrottleLimits bytes(long perSecond) {
    return new ThrottleLimits(OptionalLong.empty(), OptionalLong.of(perSecond), Duration.ZERO);
  }

  private static void read(NbdClient client) throws IOException {
    client.read(0, ByteBuffer.allocate(512));
  }

  private Future<?> reading(NbdClient client) {
    return pool.submit(() -> {
      read(client);
      return null;
    });
  }

  /// A client with one read that the limits hold.
  private Future<?> held(NbdClient client) throws Exception {
    throttle.limit(requests(1));
    read(client);
    Future<?> held = reading(client);
    while (limited.statistics().inflight() == 0) {
      Thread.onSpinWait();
    }
    assertThat(device.reads).hasValue(1);
    assertThat(held.isDone()).isFalse();
    return held;
  }

  @Test
  void requestOverTheLimitPassesWhenItsTimeHasCome() throws Exception {
    try (NbdClient client = connect()) {
      Future<?> held = held(client);
      clockNanos.addAndGet(TimeUnit.SECONDS.toNanos(1));
      held.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      assertThat(device.reads).hasValue(2);
    }
  }

  @Test
  void limitThatIsTakenAwayFreesWhoWaits() throws Exception {
    try (NbdClient client = connect()) {
      Future<?> held = held(client);
      throttle.limit(ThrottleLimits.NONE);
      held.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      for (int i = 0; i < 100; i++) {
        read(client);
      }
    }
  }

  @Test
  void sameLimitsSetAgainGiveNoSecondBurst() {
    throttle.limit(requests(1));
    assertThat(throttle.request(512).isImmediate()).isTrue();
    throttle.limit(requests(1));
    assertThat(throttle.request(512).isImmediate()).as("limits as before").isFalse();
    throttle.limit(requests(2));
    assertThat(throttle.request(512).isImmediate()).as("other limits").isTrue();
  }

  @Test
  void pauseDoesNotWaitForWhoIsOverTheLimit() throws Exception {
    try (NbdClient client = connect()) {
      Future<?> held = held(client);
      limited.pause(DRAIN);
      clockNanos.addAndGet(TimeUnit.SECONDS.toNanos(1));
      MemoryDevice replacement = new MemoryDevice(SIZE_BYTES);
      limited.swap(replacement);
      assertThat(held.isDone()).as("paused").isFalse();
      limited.resume();
      held.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      assertThat(device.reads).hasValue(1);
      assertThat(replacement.reads).hasValue(1);
    }
  }

  @Test
  void withdrawnExportEndsWhoIsOverTheLimit() throws Exception {
    try (NbdClient client = connect()) {
      Future<?> held = held(client);
      server.exports().remove(LIMITED, DRAIN);
      assertThat(limited.connections()).isZero();
      try {
        held.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      } catch (ExecutionException cut) {
        assertThat(cut).hasCauseInstanceOf(IOException.class);
      }
    }
  }

  @Test
  void oneExportsLimitDoesNotSlowAnother() throws Exception {
    try (NbdClient client = connect();
        NbdClient other = server.connect()) {
      Future<?> held = held(client);
      for (int i = 0; i < 2_000; i++) {
        other.write(0, ByteBuffer.allocate(4096), Durability.WRITE_BACK);
        read(other);
      }
      assertThat(held.isDone()).isFalse();
      throttle.limit(ThrottleLimits.NONE);
      held.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
  }

  @Test
  void connectionsOfOneExportShareItsLimit() throws Exception {
    try (NbdClient client = connect();
        NbdClient second = connect()) {
      Future<?> held = held(client);
      Future<?> alsoHeld = reading(second);
      while (limited.statistics().inflight() < 2) {
        Thread.onSpinWait();
      }
      clockNanos.addAndGet(TimeUnit.SECONDS.toNanos(1));
      while (!held.isDone() && !alsoHeld.isDone()) {
        Thread.onSpinWait();
      }
      assertThat(held.isDone() && alsoHeld.isDone()).as("one in a second").isFalse();
      clockNanos.addAndGet(TimeUnit.SECONDS.toNanos(1));
      held.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      alsoHeld.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
  }

  @Test
  void answersBeforeTheLimitAreNotHeldBackWithWhatFollows() throws Exception {
    throttle.limit(requests(1));
    try (RawClient client = server.connectRaw()) {
      client.enter(LIMITED);
      ByteBuffer both = ByteBuffer.allocate(2 * NbdWire.REQUEST_BYTES);
      both.put(RawClient.requestBytes(NbdWire.CMD_READ, 0, 1, 0, 16, new byte[0]));
      both.put(RawClient.requestBytes(NbdWire.CMD_READ, 0, 2, 16, 16, new byte[0]));
      client.send(both.flip());
      assertThat(client.receiveReply()).isEqualTo(new RawClient.Reply(0, 1));
      client.receive(16);
      clockNanos.addAndGet(TimeUnit.SECONDS.toNanos(1));
      assertThat(client.receiveReply()).isEqualTo(new RawClient.Reply(0, 2));
    }
  }

  @Test
  void bandwidthCountsBytesReadAndWrittenButNotHoles() throws Exception {
    throttle.limit(bytes(ThrottleLimits.LEAST_BYTES_PER_SECOND));
    try (NbdClient client = connect()) {
      for (int i = 0; i < 100; i++) {
        client.discard(0, SIZE_BYTES);
        client.flush();
      }
      client.write(0, ByteBuffer.allocate(SIZE_BYTES), Durability.WRITE_BACK);
      Future<?> held = reading(client);
      while (limited.statistics().inflight() == 0) {
        Thread.onSpinWait();
      }
      clockNanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(999));
      assertThat(held.isDone()).isFalse();
      clockNanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(1));
      held.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
  }

  @Test
  void waitCountsAsTheRequestsLatency() throws Exception {
    try (NbdClient client = connect()) {
      Future<?> held = held(client);
      Thread.sleep(50);
      clockNanos.addAndGet(TimeUnit.SECONDS.toNanos(1));
      held.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      assertThat(limited.statistics().latency().percentileNanos(100))
          .isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(10));
    }
  }

  @Test
  void limitsOutsideTheirRangesAreRefused() {
    assertThatThrownBy(() -> requests(0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> bytes(1000)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() ->
            new ThrottleLimits(OptionalLong.of(1), OptionalLong.of(1 << 20), Duration.ofHours(1)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
