// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

/// Who has the target of a merge in use beside the merge.
public enum TargetUse {
  /// Guests may read it: what is in memory of it stays there.
  SHARED,

  /// Nobody. What is in memory of it may go where the merge is faster then; whoever reads that next
  /// waits for the medium.
  EXCLUSIVE
}
