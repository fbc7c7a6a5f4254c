// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class LatencyHistogramTest {
  @Test
  void bucketsTileAllPositiveValues() {
    long next = 0;
    for (int bucket = 0; bucket < LatencyHistogram.BUCKETS - 4; bucket++) {
      assertThat(LatencyHistogram.bucketOf(next)).isEqualTo(bucket);
      assertThat(LatencyHistogram.bucketOf(LatencyHistogram.largestOf(bucket))).isEqualTo(bucket);
      next = LatencyHistogram.largestOf(bucket) + 1;
    }
  }

  @Test
  void percentilesAreAtMostAQuarterTooLarge() {
    long[] counts = new long[LatencyHistogram.BUCKETS];
    for (long nanos = 1; nanos <= 10_000; nanos++) {
      counts[LatencyHistogram.bucketOf(nanos)]++;
    }
    LatencyHistogram histogram = new LatencyHistogram(counts);
    assertThat(histogram.total()).isEqualTo(10_000);
    assertThat(histogram.percentileNanos(50)).isBetween(5_000L, 6_250L);
    assertThat(histogram.percentileNanos(99)).isBetween(9_900L, 12_400L);
  }

  @Test
  void countsBelowPowersOfTwoAreExact() {
    long[] counts = new long[LatencyHistogram.BUCKETS];
    for (long nanos = 0; nanos < 100_000; nanos++) {
      counts[LatencyHistogram.bucketOf(nanos)]++;
    }
    LatencyHistogram histogram = new LatencyHistogram(counts);
    for (int exponent = 1; exponent <= 16; exponent++) {
      assertThat(histogram.countBelowPowerOfTwo(exponent)).isEqualTo(1L << exponent);
    }
    assertThat(histogram.countBelowPowerOfTwo(40)).isEqualTo(100_000);
  }

  @Test
  void whatWasCountedSinceIsTheDifferenceAndEverythingAfterARestart() {
    LatencyHistogram one = of(1000);
    LatencyHistogram both = one.plus(of(5000));
    assertThat(both.total()).isEqualTo(2);
    assertThat(both.since(one).bucketCounts()).isEqualTo(of(5000).bucketCounts());
    assertThat(one.since(both)).isSameAs(one);
    assertThat(both.sumNanos()).isBetween(6000L, 7500L);
  }

  private static LatencyHistogram of(long nanos) {
    long[] counts = new long[LatencyHistogram.BUCKETS];
    counts[LatencyHistogram.bucketOf(nanos)]++;
    return LatencyHistogram.of(counts);
  }
}
