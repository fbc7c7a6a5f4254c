// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

/// Tokens that come at a steady rate, up to as many as come in a burst's time.
///
/// What is asked for is always granted, also beyond what is there; who asks then waits until the
/// debt of those before is paid. So requests larger than the bucket pass, and everyone passes in
/// the order of asking. No debt is ever forgiven: who could wait it out would be above the rate by
/// asking for much at once, or from many sides. Kept as one point in time, at which the bucket is
/// empty without a debt (generic cell rate algorithm).
///
/// For one thread at a time. Times are those of one clock that never goes back, in nanoseconds.
final class TokenBucket {
  private static final long NANOS_PER_SECOND = 1_000_000_000L;

  private final long tokensPerSecond;
  private final long burstNanos;
  private long emptyAtNanos;

  /// A full bucket.
  ///
  /// @param tokensPerSecond at least 1
  TokenBucket(long tokensPerSecond, long burstNanos, long nowNanos) {
    this.tokensPerSecond = tokensPerSecond;
    this.burstNanos = burstNanos;
    emptyAtNanos = nowNanos - burstNanos;
  }

  /// Takes tokens.
  ///
  /// @param tokens at most 2^33
  /// @return how long to wait before going on
  long take(long nowNanos, long tokens) {
    if (nowNanos - emptyAtNanos > burstNanos) {
      emptyAtNanos = nowNanos - burstNanos;
    }
    long wait = Math.max(emptyAtNanos - nowNanos, 0);
    emptyAtNanos += nanosOf(tokens);
    return wait;
  }

  /// 2^33 tokens times 10^9 nanoseconds fit into a long.
  private long nanosOf(long tokens) {
    return tokens * NANOS_PER_SECOND / tokensPerSecond;
  }
}
