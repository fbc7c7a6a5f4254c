// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import java.time.Duration;
import java.util.OptionalLong;

/// How much the clients of a [Throttle] may do.
///
/// @param requestsPerSecond requests of any kind; at least 1; empty for no limit
/// @param bytesPerSecond bytes read, written, read ahead, and zeroed without making a hole; at
///   least [#LEAST_BYTES_PER_SECOND]; empty for no limit
/// @param burst how much idle time may be made up for: after so long without requests, as much as
///   the limits allow in it may be done at once; from 0 to [#LONGEST_BURST]
public record ThrottleLimits(
    OptionalLong requestsPerSecond, OptionalLong bytesPerSecond, Duration burst) {

  /// At less, the longest request, of 32 MiB, would keep clients waiting longer than most of them
  /// do.
  public static final long LEAST_BYTES_PER_SECOND = 1L << 20;

  /// More would be no limit that anybody could notice.
  public static final long MOST_BYTES_PER_SECOND = 1L << 40;

  /// More than the server answers by far.
  public static final long MOST_REQUESTS_PER_SECOND = 100_000_000;

  /// The longest burst.
  public static final Duration LONGEST_BURST = Duration.ofSeconds(60);

  /// The burst unless another is chosen.
  public static final Duration DEFAULT_BURST = Duration.ofSeconds(1);

  /// No limits.
  public static final ThrottleLimits NONE =
      new ThrottleLimits(OptionalLong.empty(), OptionalLong.empty(), DEFAULT_BURST);

  /// Checks the ranges.
  public ThrottleLimits {
    requireBetween(requestsPerSecond, 1, MOST_REQUESTS_PER_SECOND);
    requireBetween(bytesPerSecond, LEAST_BYTES_PER_SECOND, MOST_BYTES_PER_SECOND);
    if (burst.isNegative() || burst.compareTo(LONGEST_BURST) > 0) {
      throw new IllegalArgumentException("burst " + burst);
    }
  }

  private static void requireBetween(OptionalLong value, long least, long most) {
    if (value.isPresent() && (value.getAsLong() < least || value.getAsLong() > most)) {
      throw new IllegalArgumentException(
          "%d, from %d to %d".formatted(value.getAsLong(), least, most));
    }
  }

  /// Whether nothing is limited.
  public boolean isNone() {
    return requestsPerSecond.isEmpty() && bytesPerSecond.isEmpty();
  }
}
