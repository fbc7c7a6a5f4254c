// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// The arithmetic of limits, by a clock that only the test moves.
final class TokenBucketTest {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  @Test
  void burstPassesAtOnceAndTheRestAtTheRate() {
    TokenBucket bucket = new TokenBucket(10, SECOND, 0);
    for (int i = 0; i < 11; i++) {
      assertThat(bucket.take(0, 1)).as("request %d", i).isZero();
    }
    assertThat(bucket.take(0, 1)).isEqualTo(SECOND / 10);
    assertThat(bucket.take(0, 1)).isEqualTo(2 * SECOND / 10);
  }

  @Test
  void withoutABurstRequestsAreSpacedEvenly() {
    TokenBucket bucket = new TokenBucket(4, 0, 0);
    assertThat(bucket.take(0, 1)).isZero();
    assertThat(bucket.take(0, 1)).isEqualTo(SECOND / 4);
    assertThat(bucket.take(SECOND / 2, 1)).as("in time").isZero();
  }

  @Test
  void idleTimeIsSavedUpToTheBurstOnly() {
    TokenBucket bucket = new TokenBucket(10, SECOND, 0);
    long muchLater = 3600 * SECOND;
    for (int i = 0; i < 11; i++) {
      assertThat(bucket.take(muchLater, 1)).isZero();
    }
    assertThat(bucket.take(muchLater, 1)).isPositive();
  }

  @Test
  void requestLargerThanTheBucketPassesAndTheNextOnePaysForIt() {
    TokenBucket bucket = new TokenBucket(1 << 20, 0, 0);
    assertThat(bucket.take(0, 32 << 20)).isZero();
    assertThat(bucket.take(0, 1)).isEqualTo(32 * SECOND);
  }

  @Test
  void debtsAreNeverForgiven() {
    TokenBucket bucket = new TokenBucket(1, 0, 0);
    for (int i = 0; i < 100; i++) {
      assertThat(bucket.take(0, 100)).isEqualTo(100L * i * SECOND);
    }
    assertThat(bucket.take(9_999 * SECOND, 1)).isEqualTo(SECOND);
  }

  @Test
  void clockMayStartAnywhereAndPassItsLargestValue() {
    for (long start : new long[] {Long.MIN_VALUE, -SECOND, Long.MAX_VALUE - SECOND / 2}) {
      TokenBucket bucket = new TokenBucket(1, 0, start);
      assertThat(bucket.take(start, 1)).isZero();
      assertThat(bucket.take(start, 1)).isEqualTo(SECOND);
      assertThat(bucket.take(start + 2 * SECOND, 1)).isZero();
    }
  }

  @Test
  void overAnyTimeNoMorePassesThanTheRateAndOneBurstAllow() {
    for (long seed = 0; seed < 50; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      long rate = random.nextLong(1, 1_000_000);
      long burst = random.nextLong(0, 3 * SECOND);
      TokenBucket bucket = new TokenBucket(rate, burst, 0);
      long now = 0;
      double passed = 0;
      long largest = 0;
      for (int i = 0; i < 1_000; i++) {
        long tokens = random.nextLong(1, 2 * rate);
        long wait = bucket.take(now, tokens);
        now += wait;
        double allowed = (double) rate * (now + burst) / SECOND + i + 1;
        assertThat(passed).as("seed %d, request %d", seed, i).isLessThanOrEqualTo(allowed);
        passed += tokens;
        largest = Math.max(largest, tokens);
        now += random.nextInt(3) == 0 ? random.nextLong(2 * SECOND) : 0;
      }
      assertThat(largest).isPositive();
    }
  }
}
