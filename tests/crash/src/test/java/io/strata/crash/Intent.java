// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.spi.Clones.CloneSpec;
import io.strata.spi.Snapshots.SnapshotSpec;
import io.strata.spi.VdiUuid;
import io.strata.spi.VhdTree.MergeSpec;
import java.util.Optional;
import java.util.Set;

/// An operation that a crash may interrupt, as the manager records it; replayed after the crash.
sealed interface Intent {

  /// Nodes that are on their way to become hidden bases, or to go; what goes may have lost its
  /// parent already.
  default Set<VdiUuid> passing() {
    return switch (this) {
      case Snapshot snapshot -> Set.of(snapshot.spec().base());
      case Clone clone -> Set.of(clone.spec().base());
      case Revert revert -> Set.of(revert.displaced());
      case Freeze freeze -> Set.of(freeze.base());
      case Absorb absorb -> Set.of(absorb.parent());
      case None none -> Set.of();
      case Create create -> Set.of();
      case Delete delete -> Set.of();
      case Resize resize -> Set.of();
      case Coalesce coalesce -> Set.copyOf(coalesce.spec().run());
    };
  }

  /// A volume that may be hidden until the operation is ended.
  default Optional<VdiUuid> eclipsed() {
    return switch (this) {
      case Coalesce coalesce when coalesce.copied() && !coalesce.spec().survivorHidden() ->
          Optional.of(coalesce.spec().survivor());
      case Coalesce coalesce -> Optional.empty();
      case Snapshot snapshot -> Optional.empty();
      case Clone clone -> Optional.empty();
      case Revert revert -> Optional.empty();
      case Freeze freeze -> Optional.empty();
      case Absorb absorb -> Optional.empty();
      case None none -> Optional.empty();
      case Create create -> Optional.empty();
      case Delete delete -> Optional.empty();
      case Resize resize -> Optional.empty();
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
  record Revert(VdiUuid volume, VdiUuid snapshot, VdiUuid displaced, DiskModel after)
      implements Intent {}

  /// A volume grew; `after` is what it is then.
  record Resize(VdiUuid vdi, DiskModel after) implements Intent {
    long sizeBytes() {
      return after.sizeBytes();
    }
  }

  /// A run was merged; `copied` says that everything was copied.
  record Coalesce(MergeSpec spec, boolean copied) implements Intent {}

  /// What a running volume holds was frozen into a base.
  record Freeze(VdiUuid volume, VdiUuid base) implements Intent {}

  /// A running volume was merged into its parent.
  record Absorb(VdiUuid volume, VdiUuid parent) implements Intent {}
}
