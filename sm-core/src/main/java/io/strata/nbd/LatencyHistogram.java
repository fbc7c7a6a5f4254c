// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import java.util.Arrays;

/// How long requests took, counted in buckets whose width grows with the value: four to each power
/// of two of nanoseconds, so a value read back is at most a quarter too large.
public final class LatencyHistogram {
  private static final int SUB_BUCKET_BITS = 2;
  private static final int SUB_BUCKETS = 1 << SUB_BUCKET_BITS;

  /// Number of buckets: enough for every positive long.
  static final int BUCKETS = (Long.SIZE - SUB_BUCKET_BITS) * SUB_BUCKETS;

  /// Of no request.
  public static final LatencyHistogram EMPTY = new LatencyHistogram(new long[BUCKETS]);

  private final long[] counts;

  /// @param counts requests in each bucket, see [#bucketOf]; copied
  LatencyHistogram(long[] counts) {
    if (counts.length != BUCKETS) {
      throw new IllegalArgumentException(counts.length + " buckets, expected " + BUCKETS);
    }
    this.counts = counts.clone();
  }

  /// One that another's [#bucketCounts] were taken of.
  ///
  /// @throws IllegalArgumentException not as many as it has
  public static LatencyHistogram of(long[] bucketCounts) {
    return new LatencyHistogram(bucketCounts);
  }

  /// Requests in each bucket, in the order of latency; a copy.
  public long[] bucketCounts() {
    return counts.clone();
  }

  /// Requests counted.
  public long total() {
    return Arrays.stream(counts).sum();
  }

  /// The sum of two.
  public LatencyHistogram plus(LatencyHistogram other) {
    long[] sums = counts.clone();
    Arrays.setAll(sums, bucket -> sums[bucket] + other.counts[bucket]);
    return new LatencyHistogram(sums);
  }

  /// What was counted since `earlier`; everything where that is no earlier state of this.
  public LatencyHistogram since(LatencyHistogram earlier) {
    long[] differences = counts.clone();
    for (int bucket = 0; bucket < BUCKETS; bucket++) {
      differences[bucket] -= earlier.counts[bucket];
      if (differences[bucket] < 0) {
        return this;
      }
    }
    return new LatencyHistogram(differences);
  }

  /// Requests that took less than 2^`exponent` nanoseconds: exact, since buckets end there.
  public long countBelowPowerOfTwo(int exponent) {
    return Arrays.stream(counts, 0, bucketOf(1L << exponent)).sum();
  }

  /// The latencies of all requests together, at most a quarter too large.
  public long sumNanos() {
    long sum = 0;
    for (int bucket = 0; bucket < BUCKETS; bucket++) {
      sum += counts[bucket] == 0 ? 0 : counts[bucket] * largestOf(bucket);
    }
    return sum;
  }

  /// The latency in nanoseconds that `percent` of the requests did not exceed; 0 without requests.
  ///
  /// @param percent from 0 to 100
  public long percentileNanos(double percent) {
    if (!(percent >= 0 && percent <= 100)) {
      throw new IllegalArgumentException("percentile " + percent);
    }
    long wanted = (long) Math.ceil(total() * percent / 100);
    long seen = 0;
    for (int bucket = 0; bucket < BUCKETS; bucket++) {
      seen += counts[bucket];
      if (seen >= wanted && seen > 0) {
        return largestOf(bucket);
      }
    }
    return 0;
  }

  /// The bucket that counts `nanos`.
  static int bucketOf(long nanos) {
    if (nanos < SUB_BUCKETS) {
      return (int) Math.max(nanos, 0);
    }
    int exponent = Long.SIZE - 1 - Long.numberOfLeadingZeros(nanos);
    int shift = exponent - SUB_BUCKET_BITS;
    return (shift + 1) * SUB_BUCKETS + (int) ((nanos >>> shift) & (SUB_BUCKETS - 1));
  }

  /// The largest value that `bucket` counts, in nanoseconds.
  static long largestOf(int bucket) {
    if (bucket < SUB_BUCKETS) {
      return bucket;
    }
    int shift = bucket / SUB_BUCKETS - 1;
    long smallest = (long) (SUB_BUCKETS + bucket % SUB_BUCKETS) << shift;
    return smallest + (1L << shift) - 1;
  }

  @Override
  public String toString() {
    return "p50 %d ns, p99 %d ns of %d"
        .formatted(percentileNanos(50), percentileNanos(99), total());
  }
}
