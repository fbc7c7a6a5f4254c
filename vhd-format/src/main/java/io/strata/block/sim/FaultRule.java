// SPDX-License-Identifier: Apache-2.0
package io.strata.block.sim;

import java.util.Set;

/// Which I/O fails, and how.
///
/// @param kinds what is counted, all together
/// @param fault what happens; it must apply to the kinds
/// @param first the first I/O of the kinds that fails, from 1
/// @param every the distance to the next one that fails, in I/Os of the kinds; 0: only the first
public record FaultRule(Set<IoKind> kinds, Fault fault, long first, long every) {
  /// Checks that the fault can happen to the kinds.
  public FaultRule {
    kinds = Set.copyOf(kinds);
    for (IoKind kind : kinds) {
      if (!fault.appliesTo(kind)) {
        throw new IllegalArgumentException(fault + " does not happen to " + kind);
      }
    }
    if (first < 1 || every < 0) {
      throw new IllegalArgumentException("first=" + first + " every=" + every);
    }
  }

  /// One I/O fails.
  public static FaultRule once(IoKind kind, Fault fault, long nth) {
    return new FaultRule(Set.of(kind), fault, nth, 0);
  }

  /// Each I/O that the fault can happen to fails, from the nth of them on: the device is gone, or
  /// full.
  public static FaultRule from(Fault fault, long nth) {
    return new FaultRule(fault.kinds(), fault, nth, 1);
  }

  boolean hits(long count) {
    return count == first || (every > 0 && count > first && (count - first) % every == 0);
  }
}
