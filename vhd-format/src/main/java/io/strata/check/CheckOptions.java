// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import io.strata.vhd.ParentResolver;
import java.time.Clock;
import java.util.Optional;

/// What a check looks at.
///
/// @param bitmaps whether to read every block and look for data in sectors that are not present
/// @param parents where parents are found; empty: the chain is not looked at
/// @param wholeChain whether to go down the whole chain and to check each parent too; else only the
///   link to the parent is looked at
/// @param clock what timestamps are compared with
/// @param mostFindings findings of each kind that are kept; more are counted only
public record CheckOptions(
    boolean bitmaps,
    Optional<ParentResolver> parents,
    boolean wholeChain,
    Clock clock,
    int mostFindings) {
  private static final int MOST_FINDINGS = 10_000;

  /// Everything but the data and the parents.
  public static CheckOptions standard() {
    return new CheckOptions(false, Optional.empty(), false, Clock.systemUTC(), MOST_FINDINGS);
  }

  /// These options, and the blocks' data too.
  public CheckOptions withBitmaps() {
    return new CheckOptions(true, parents, wholeChain, clock, mostFindings);
  }

  /// These options, and the chain too: its links, and each parent by itself.
  public CheckOptions withParents(ParentResolver resolver) {
    return new CheckOptions(bitmaps, Optional.of(resolver), true, clock, mostFindings);
  }

  /// These options, and the link to the parent, but not what is below it: for who checks every
  /// image by itself.
  public CheckOptions withParent(ParentResolver resolver) {
    return new CheckOptions(bitmaps, Optional.of(resolver), false, clock, mostFindings);
  }

  /// These options with another clock.
  public CheckOptions withClock(Clock newClock) {
    return new CheckOptions(bitmaps, parents, wholeChain, newClock, mostFindings);
  }
}
