// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/// Holds the clients of one disk to limits. Exports of the same disk share one.
///
/// Who is over the limit waits on its own connection's thread, outside the gate of its export: a
/// pause does not wait for it, and neither does anybody else. Each connection waits with one
/// request at a time, so that a wait is at most what the requests of all of them take at the limit:
/// half a minute for each that moves the most at the lowest limit.
///
/// **Threads.** Safe for any number. Without limits it costs one read of a field.
public final class Throttle {
  /// How soon who waits sees that it need not any more.
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private final LongSupplier nanoClock;
  private volatile Buckets buckets = Buckets.NONE;

  /// Without limits.
  public Throttle() {
    this(System::nanoTime);
  }

  Throttle(LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
  }

  /// Sets other limits. Whoever waits under the old ones goes on at once. The limits that already
  /// hold change nothing: else each attach and each setting anew would give a burst away.
  public synchronized void limit(ThrottleLimits limits) {
    if (!limits.equals(buckets.limits)) {
      buckets = limits.isNone() ? Buckets.NONE : Buckets.of(limits, nanoClock.getAsLong());
    }
  }

  /// Whether there are limits.
  boolean isOn() {
    return buckets != Buckets.NONE;
  }

  /// Asks for one request to be let through.
  ///
  /// @param bytes that it moves, below 2^33
  /// @return how it has to wait
  Admission request(long bytes) {
    Buckets asked = buckets;
    long now = nanoClock.getAsLong();
    return new Admission(asked, now, now + asked.take(now, bytes));
  }

  /// A request's leave to go on, at once or after a wait.
  final class Admission {
    private final Buckets asked;
    private final long askedNanos;
    private final long admittedNanos;

    private Admission(Buckets asked, long askedNanos, long admittedNanos) {
      this.asked = asked;
      this.askedNanos = askedNanos;
      this.admittedNanos = admittedNanos;
    }

    boolean isImmediate() {
      return waitNanos() == 0;
    }

    long waitNanos() {
      return admittedNanos - askedNanos;
    }

    /// Waits until the request may go on, the limits change, or the client is to be ended.
    void await(BooleanSupplier ending) {
      long remaining = admittedNanos - nanoClock.getAsLong();
      while (remaining > 0 && buckets == asked && !ending.getAsBoolean()) {
        LockSupport.parkNanos(this, Math.min(remaining, LOOK_NANOS));
        remaining = admittedNanos - nanoClock.getAsLong();
      }
    }
  }

  /// The buckets of one setting of limits.
  private static final class Buckets {
    private static final Buckets NONE =
        new Buckets(ThrottleLimits.NONE, Optional.empty(), Optional.empty());

    private final ThrottleLimits limits;

    // Guarded by this.
    private final Optional<TokenBucket> requests;
    private final Optional<TokenBucket> bytes;

    private Buckets(
        ThrottleLimits limits, Optional<TokenBucket> requests, Optional<TokenBucket> bytes) {
      this.limits = limits;
      this.requests = requests;
      this.bytes = bytes;
    }

    private static Buckets of(ThrottleLimits limits, long nowNanos) {
      long burst = limits.burst().toNanos();
      return new Buckets(
          limits,
          bucket(limits.requestsPerSecond(), burst, nowNanos),
          bucket(limits.bytesPerSecond(), burst, nowNanos));
    }

    private static Optional<TokenBucket> bucket(OptionalLong rate, long burst, long nowNanos) {
      return rate.isPresent()
          ? Optional.of(new TokenBucket(rate.getAsLong(), burst, nowNanos))
          : Optional.empty();
    }

    private synchronized long take(long nowNanos, long byteCount) {
      long forRequest = requests.map(bucket -> bucket.take(nowNanos, 1)).orElse(0L);
      long forBytes = bytes.map(bucket -> bucket.take(nowNanos, byteCount)).orElse(0L);
      return Math.max(forRequest, forBytes);
    }
  }
}
