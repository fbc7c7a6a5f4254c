// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

/// How hard to try.
///
/// @param exhaustive pending changes up to which every subset is tried
/// @param randomSets random crash states at each barrier, beside those always tried
/// @param nestedEvery every how many crash states the recovery is crashed too; 0: never
/// @param maxViolations violations after which to stop
/// @param poison whether a lost write leaves remnants where nothing was ever written
record CrashBudget(
    int exhaustive, int randomSets, int nestedEvery, int maxViolations, boolean poison) {

  /// For a suite that must be clean.
  static CrashBudget thorough() {
    return new CrashBudget(7, 24, 48, 3, true);
  }

  /// To see quickly whether anything is wrong.
  static CrashBudget brief() {
    return new CrashBudget(4, 8, 0, 1, true);
  }

  /// Inside a recovery.
  CrashBudget inside() {
    return new CrashBudget(3, 1, 0, maxViolations, poison);
  }

  /// For a workload whose recovery is long, so that most states are not inside recoveries.
  CrashBudget rarelyNested() {
    return new CrashBudget(exhaustive, randomSets, nestedEvery * 8, maxViolations, poison);
  }

  /// For a workload of which each state takes long to check.
  CrashBudget sparse() {
    return new CrashBudget(
        Math.min(exhaustive, 2), Math.min(randomSets, 3), nestedEvery * 4, maxViolations, poison);
  }

  CrashBudget withoutPoison() {
    return new CrashBudget(exhaustive, randomSets, nestedEvery, maxViolations, false);
  }

  CrashBudget withMaxViolations(int most) {
    return new CrashBudget(exhaustive, randomSets, nestedEvery, most, poison);
  }
}
