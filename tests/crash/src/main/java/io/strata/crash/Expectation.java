// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import java.io.IOException;

/// What must hold if the power goes now. A workload notes one in its log whenever that changes.
///
/// Immutable: many crashed states are compared with it.
interface Expectation {

  /// Recovers the storage and checks it; everything the recovery writes goes through `storage`.
  ///
  /// @throws CrashViolation for what may not be
  /// @throws IOException which is a violation too: what was there must open
  void verify(SimulatedStorage storage) throws IOException;

  /// Whether the program was told that everything so far is durable.
  boolean acknowledged();

  /// What is durable beside the storage, such as a catalog; compared by `equals`. A power cut just
  /// before it changes is tried too.
  default Object beside() {
    return "";
  }
}
