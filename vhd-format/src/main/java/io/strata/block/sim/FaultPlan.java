// SPDX-License-Identifier: Apache-2.0
package io.strata.block.sim;

import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;

/// When which I/O fails; shared by the containers of one piece of storage, and the same each time
/// for the same seed and the same order of I/O.
///
/// **Threads.** Any number at once; only one makes the order repeatable.
public final class FaultPlan {
  private final List<FaultRule> rules;
  private final Duration stall;

  // Guarded by this.
  private final SplittableRandom random;
  private final Map<IoKind, Long> counts = new EnumMap<>(IoKind.class);
  private long hits;

  /// @param stall how long a stalled I/O takes
  public FaultPlan(long seed, Duration stall, List<FaultRule> rules) {
    this.random = new SplittableRandom(seed);
    this.stall = stall;
    this.rules = List.copyOf(rules);
  }

  /// Nothing fails; I/O is only counted.
  public static FaultPlan none() {
    return new FaultPlan(0, Duration.ZERO, List.of());
  }

  /// How many I/Os of the kind there were.
  public synchronized long count(IoKind kind) {
    return counts.getOrDefault(kind, 0L);
  }

  /// How many I/Os failed.
  public synchronized long hits() {
    return hits;
  }

  synchronized Optional<Fault> next(IoKind kind) {
    long count = counts.merge(kind, 1L, Long::sum);
    for (FaultRule rule : rules) {
      if (rule.kind() == kind && rule.hits(count)) {
        hits++;
        return Optional.of(rule.fault());
      }
    }
    return Optional.empty();
  }

  synchronized long below(long bound) {
    return random.nextLong(bound);
  }

  Duration stall() {
    return stall;
  }
}
