// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

/// How hard to try.
///
/// @param randomSets random crash states at each barrier, beside those always tried
/// @param nestedEvery every how many crash states the recovery is crashed too; 0: never
/// @param maxViolations violations after which to stop
/// @param poison whether a lost write leaves remnants where nothing was ever written
record CrashBudget(int randomSets, int nestedEvery, int maxViolations, boolean poison) {

  /// For a suite that must be clean.
  static CrashBudget thorough() {
    return new CrashBudget(24, 24, 3, true);
  }

  /// Inside a recovery.
  CrashBudget inside() {
    return new CrashBudget(2, 0, maxViolations, poison);
  }

  CrashBudget withoutPoison() {
    return new CrashBudget(randomSets, nestedEvery, maxViolations, false);
  }
}
