// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.spi.Clones.CloneSpec;
import io.strata.spi.Snapshots.SnapshotSpec;
import io.strata.spi.VdiUuid;
import java.util.Set;

/// An operation that a crash may interrupt, as the manager records it; replayed after the crash.
sealed interface Intent {

  /// Nodes that are on their way to become hidden bases, or to go.
  default Set<VdiUuid> passing() {
    return switch (this) {
      case Snapshot snapshot -> Set.of(snapshot.spec().base());
      case Clone clone -> Set.of(clone.spec().base());
      case Revert revert -> Set.of(revert.displaced());
      case None none -> Set.of();
      case Create create -> Set.of();
      case Delete delete -> Set.of();
      case Resize resize -> Set.of();
    };
  }

  /// Nothing was going on.
  record None() implements Intent {}

  /// A volume was made.
  record Create(VdiUuid vdi, long sizeBytes) implements Intent {}

  /// A volume was removed.
  record Delete(VdiUuid vdi) implements Intent {}

  /// A snapshot was taken.
  record Snapshot(SnapshotSpec spec) implements Intent {}

  /// A clone was made.
  record Clone(CloneSpec spec) implements Intent {}

  /// A volume was put back; `after` is what it holds then.
  record Revert(VdiUuid volume, VdiUuid snapshot, VdiUuid displaced, SectorModel after)
      implements Intent {}

  /// A volume grew.
  record Resize(VdiUuid vdi, long sizeBytes) implements Intent {}
}
