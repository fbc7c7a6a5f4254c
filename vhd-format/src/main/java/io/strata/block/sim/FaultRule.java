// SPDX-License-Identifier: Apache-2.0
package io.strata.block.sim;

/// Which I/O fails, and how.
///
/// @param kind what is counted
/// @param fault what happens; it must apply to the kind
/// @param first the first I/O of the kind that fails, from 1
/// @param every the distance to the next one that fails, in I/Os of the kind; 0: only the first
public record FaultRule(IoKind kind, Fault fault, long first, long every) {
  /// Checks that the fault can happen to the kind.
  public FaultRule {
    if (!fault.appliesTo(kind)) {
      throw new IllegalArgumentException(fault + " does not happen to " + kind);
    }
    if (first < 1 || every < 0) {
      throw new IllegalArgumentException("first=" + first + " every=" + every);
    }
  }

  /// One I/O fails.
  public static FaultRule once(IoKind kind, Fault fault, long nth) {
    return new FaultRule(kind, fault, nth, 0);
  }

  boolean hits(long count) {
    return count == first || (every > 0 && count > first && (count - first) % every == 0);
  }
}
