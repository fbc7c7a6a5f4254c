// SPDX-License-Identifier: Apache-2.0
package io.strata.block.sim;

import java.io.IOException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SplittableRandom;

/// When which I/O fails; shared by the containers of one piece of storage, and the same each time
/// for the same seed and the same order of I/O.
///
/// **Threads.** Any number at once; only one makes the order repeatable.
public final class FaultPlan {
  private final Duration stall;

  // Guarded by this.
  private List<FaultRule> rules;
  private final SplittableRandom random;
  private final Map<IoKind, Long> counts = new EnumMap<>(IoKind.class);
  private long hits;
  private Optional<FaultHit> lastHit = Optional.empty();

  /// @param stall how long a stalled I/O takes
  public FaultPlan(long seed, Duration stall, List<FaultRule> rules) {
    this.random = new SplittableRandom(seed);
    this.stall = stall;
    this.rules = List.copyOf(rules);
  }

  /// Nothing fails until it is told to follow rules.
  ///
  /// @param stall how long a stalled I/O takes
  public static FaultPlan stalling(Duration stall) {
    return new FaultPlan(0, stall, List.of());
  }

  /// Nothing fails; I/O is only counted.
  public static FaultPlan none() {
    return new FaultPlan(0, Duration.ZERO, List.of());
  }

  /// How many I/Os of the kind there were.
  public synchronized long count(IoKind kind) {
    return counts.getOrDefault(kind, 0L);
  }

  /// How many I/Os there were that the fault can happen to.
  public long count(Fault fault) {
    return count(fault.kinds());
  }

  private synchronized long count(Set<IoKind> kinds) {
    return kinds.stream().mapToLong(this::count).sum();
  }

  /// How many I/Os failed.
  public synchronized long hits() {
    return hits;
  }

  /// The last I/O that failed, by whatever rules.
  public synchronized Optional<FaultHit> lastHit() {
    return lastHit;
  }

  /// From now on I/O is counted anew and fails by other rules.
  public synchronized void follow(List<FaultRule> newRules) {
    rules = List.copyOf(newRules);
    counts.clear();
    hits = 0;
  }

  /// An I/O is about to happen. The faults that need nothing of it happen here.
  ///
  /// @param what the container, or what else it is done to
  /// @return what is to happen to it
  public Optional<Fault> strike(IoKind kind, String what) throws IOException {
    return strike(kind, what, 0, 0);
  }

  /// As [#strike(IoKind, String)], for an I/O on a range.
  Optional<Fault> strike(IoKind kind, String what, long offsetBytes, long lengthBytes)
      throws IOException {
    Optional<Fault> fault = next(kind, what, offsetBytes, lengthBytes);
    if (fault.isPresent()) {
      switch (fault.get()) {
        case EIO -> throw new IOException("Input/output error: " + kind + " of " + what);
        case ENOSPC -> throw new IOException("No space left on device: " + kind + " of " + what);
        case STALL -> sleep();
        case SHORT_WRITE, TORN_WRITE, LOST_WRITE, MISDIRECTED_WRITE, BIT_FLIP -> {}
      }
    }
    return fault;
  }

  private void sleep() throws IOException {
    try {
      Thread.sleep(stall);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("Interrupted during a stall", e);
    }
  }

  private synchronized Optional<Fault> next(
      IoKind kind, String what, long offsetBytes, long lengthBytes) {
    counts.merge(kind, 1L, Long::sum);
    for (FaultRule rule : rules) {
      if (rule.kinds().contains(kind) && rule.hits(count(rule.kinds()))) {
        hits++;
        lastHit =
            Optional.of(
                new FaultHit(
                    kind, rule.fault(), what, offsetBytes, lengthBytes, OptionalLong.empty()));
        return Optional.of(rule.fault());
      }
    }
    return Optional.empty();
  }

  /// The write that was hit last went elsewhere.
  synchronized void landed(long elsewhereBytes) {
    lastHit = lastHit.map(hit -> hit.landed(elsewhereBytes));
  }

  synchronized long below(long bound) {
    return random.nextLong(bound);
  }
}
