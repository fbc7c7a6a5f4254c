// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import java.util.Arrays;

/// The fates of all pending changes in one crash.
///
/// @param fates one per pending change
/// @param tearSeed which sectors of a torn change survive; the same for the same seed
/// @param nameMask bit i says that pending name change i survives; those from 64 on get lost
@SuppressWarnings("ArrayRecordComponent")
record FateSet(Fate[] fates, long tearSeed, long nameMask) {

  /// Every change has the same fate.
  static FateSet all(int count, Fate fate, long nameMask) {
    Fate[] fates = new Fate[count];
    Arrays.fill(fates, fate);
    return new FateSet(fates, 0, nameMask);
  }

  boolean keepsName(int index) {
    return index < Long.SIZE && (nameMask & (1L << index)) != 0;
  }
}
