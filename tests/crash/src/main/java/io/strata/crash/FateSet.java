// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import java.util.Arrays;

/// The fates of all pending changes in one crash.
///
/// @param fates one per pending change
/// @param tearSeed which sectors of a torn change survive; the same for the same seed
/// @param nameChanges how many of the pending name changes survive: they keep their order
@SuppressWarnings("ArrayRecordComponent")
record FateSet(Fate[] fates, long tearSeed, int nameChanges) {

  /// Every change has the same fate.
  static FateSet all(int count, Fate fate, int nameChanges) {
    Fate[] fates = new Fate[count];
    Arrays.fill(fates, fate);
    return new FateSet(fates, 0, nameChanges);
  }
}
