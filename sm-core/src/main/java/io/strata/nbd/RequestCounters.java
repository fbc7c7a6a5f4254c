// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// What one connection did. Written by its own thread without locks or fences, read by any.
final class RequestCounters {
  static final int READS = 0;
  static final int READ_BYTES = 1;
  static final int WRITES = 2;
  static final int WRITTEN_BYTES = 3;
  static final int FLUSHES = 4;
  static final int TRIMS = 5;
  static final int ZEROES = 6;
  static final int BLOCK_STATUSES = 7;
  static final int ERRORS = 8;
  static final int RECEIVED = 9;
  static final int ANSWERED = 10;
  private static final int COUNTERS = 11;
  private static final VarHandle CELL = MethodHandles.arrayElementVarHandle(long[].class);

  private final long[] counters = new long[COUNTERS];
  private final long[] latencies = new long[LatencyHistogram.BUCKETS];

  /// For the owning thread only.
  void add(int counter, long amount) {
    CELL.setOpaque(counters, counter, counters[counter] + amount);
  }

  /// For the owning thread only.
  void addLatency(long nanos, long requests) {
    int bucket = LatencyHistogram.bucketOf(nanos);
    CELL.setOpaque(latencies, bucket, latencies[bucket] + requests);
  }

  /// Requests received that have no reply yet are none once the connection is closed.
  void forgetInflight() {
    CELL.setOpaque(counters, RECEIVED, counters[ANSWERED]);
  }

  /// Adds what `other` counted. For one thread at a time, and never a connection's own counters.
  void addAll(RequestCounters other) {
    addCells(counters, other.counters);
    addCells(latencies, other.latencies);
  }

  private static void addCells(long[] sums, long[] cells) {
    for (int i = 0; i < sums.length; i++) {
      sums[i] += (long) CELL.getOpaque(cells, i);
    }
  }

  /// What was counted so far. For sums only.
  ExportStatistics toStatistics() {
    return new ExportStatistics(
        counters[READS],
        counters[READ_BYTES],
        counters[WRITES],
        counters[WRITTEN_BYTES],
        counters[FLUSHES],
        counters[TRIMS],
        counters[ZEROES],
        counters[BLOCK_STATUSES],
        counters[ERRORS],
        Math.max(0, counters[RECEIVED] - counters[ANSWERED]),
        new LatencyHistogram(latencies));
  }
}
