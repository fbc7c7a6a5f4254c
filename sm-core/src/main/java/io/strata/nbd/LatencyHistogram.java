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

  private final long[] counts;

  /// @param counts requests in each bucket, see [#bucketOf]; copied
  LatencyHistogram(long[] counts) {
    if (counts.length != BUCKETS) {
      throw new IllegalArgumentException(counts.length + " buckets, expected " + BUCKETS);
    }
    this.counts = counts.clone();
  }

  /// Requests counted.
  public long total() {
    return Arrays.stream(counts).sum();
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
