// SPDX-License-Identifier: Apache-2.0
package io.strata.gc;

import io.strata.spi.VdiUuid;
import io.strata.spi.VhdTree.MergeSpec;
import java.util.List;

/// One thing that a collection does.
public sealed interface GcAction {

  /// What an operator reads of it.
  String reason();

  /// Removes a hidden node that nothing needs.
  ///
  /// @param bytes storage it gives back
  record Remove(VdiUuid node, long bytes, String reason) implements GcAction {}

  /// Merges a run of nodes into one of them.
  ///
  /// @param bytes storage that the others take: what has to be copied at most
  record MergeRun(MergeSpec spec, long bytes, String reason) implements GcAction {}

  /// Merges a disk that is open for writing with the hidden nodes below it.
  ///
  /// @param below the hidden nodes, nearest first
  /// @param bytes storage that the smaller ones take: what has to be copied at most
  record MergeLeaf(VdiUuid volume, List<VdiUuid> below, long bytes, String reason)
      implements GcAction {
    public MergeLeaf {
      below = List.copyOf(below);
    }
  }

  /// A hidden node that stays for now.
  record Keep(VdiUuid node, String reason) implements GcAction {}
}
