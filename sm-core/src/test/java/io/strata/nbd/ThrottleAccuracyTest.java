// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Comparator;
import java.util.OptionalLong;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Limits under clients that never stop asking, over minutes of a simulated clock: neither more
/// passes than they say, nor noticeably less.
final class ThrottleAccuracyTest {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
  private static final long MIB = 1L << 20;
  private static final double TOLERANCE = 0.02;

  /// Of a request once it is let through.
  private static final long SERVICE_NANOS = 50_000;

  private final AtomicLong clockNanos = new AtomicLong();
  private final Throttle throttle = new Throttle(clockNanos::get);

  /// What passed.
  private record Passed(long requests, long bytes, long largestBytes) {}

  /// Lets clients ask for one request after another until the time is over.
  private Passed run(int clients, long nanos, LongSupplier requestBytes) {
    PriorityQueue<Long> askTimes = new PriorityQueue<>(Comparator.naturalOrder());
    for (int i = 0; i < clients; i++) {
      askTimes.add((long) i);
    }
    long requests = 0;
    long bytes = 0;
    long largest = 0;
    while (askTimes.element() < nanos) {
      long now = askTimes.remove();
      clockNanos.set(now);
      long size = requestBytes.getAsLong();
      long admitted = now + throttle.request(size).waitNanos();
      if (admitted < nanos) {
        requests++;
        bytes += size;
        largest = Math.max(largest, size);
      }
      askTimes.add(admitted + SERVICE_NANOS);
    }
    return new Passed(requests, bytes, largest);
  }

  @ParameterizedTest
  @CsvSource({
    // MiB/s, burst in ms, clients, bytes of a request
    "1, 0, 1, 33554432",
    "1, 1000, 1, 33554432",
    "1, 1000, 16, 33554432",
    "1, 1000, 64, 4096",
    "1, 60000, 4, 1048576",
    "50, 1000, 1, 4096",
    "100, 1000, 8, 1048576",
    "1000, 100, 8, 33554432",
  })
  void bandwidthIsHeld(long mibPerSecond, long burstMillis, int clients, long requestBytes) {
    long seconds = 20 * 60;
    throttle.limit(
        new ThrottleLimits(
            OptionalLong.empty(),
            OptionalLong.of(mibPerSecond * MIB),
            Duration.ofMillis(burstMillis)));
    Passed passed = run(clients, seconds * SECOND, () -> requestBytes);
    double allowed = mibPerSecond * MIB * (seconds + burstMillis / 1e3);
    assertThat((double) passed.bytes())
        .isBetween(allowed * (1 - TOLERANCE), allowed + requestBytes);
  }

  @ParameterizedTest
  @CsvSource({
    // requests/s, burst in ms, clients
    "1, 0, 1",
    "1, 0, 64",
    "1, 10000, 3",
    "500, 1000, 8",
    "10000, 100, 4",
  })
  void requestRateIsHeld(long perSecond, long burstMillis, int clients) {
    long seconds = 120;
    throttle.limit(
        new ThrottleLimits(
            OptionalLong.of(perSecond), OptionalLong.empty(), Duration.ofMillis(burstMillis)));
    Passed passed = run(clients, seconds * SECOND, () -> 4096);
    double allowed = perSecond * (seconds + burstMillis / 1e3);
    assertThat((double) passed.requests()).isBetween(allowed * (1 - TOLERANCE), allowed + 1);
  }

  @Test
  void ofTwoLimitsTheOneThatIsReachedFirstHolds() {
    SplittableRandom random = new SplittableRandom(7);
    long seconds = 600;
    throttle.limit(
        new ThrottleLimits(OptionalLong.of(100), OptionalLong.of(10 * MIB), Duration.ofSeconds(1)));
    Passed small = run(8, seconds * SECOND, () -> 4096);
    assertThat((double) small.requests())
        .isBetween(100 * seconds * (1 - TOLERANCE), 100.0 * (seconds + 1) + 1);

    throttle.limit(ThrottleLimits.NONE);
    clockNanos.set(0);
    throttle.limit(
        new ThrottleLimits(OptionalLong.of(100), OptionalLong.of(10 * MIB), Duration.ofSeconds(1)));
    Passed mixed =
        run(8, seconds * SECOND, () -> random.nextBoolean() ? 4096 : random.nextLong(32 * MIB));
    double allowed = 10.0 * MIB * (seconds + 1);
    assertThat((double) mixed.bytes())
        .isBetween(allowed * (1 - TOLERANCE), allowed + mixed.largestBytes());
    assertThat(mixed.requests()).isLessThan(100 * seconds);
  }
}
