// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import io.strata.spi.ErrorCode;
import io.strata.spi.Snapshots;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;

/// Snapshots as VHD siblings over a common base.
final class VhdSnapshots implements Snapshots {
  private final VhdRepository repository;
  private final VolumeShelf shelf;

  VhdSnapshots(VhdRepository repository, VolumeShelf shelf) {
    this.repository = repository;
    this.shelf = shelf;
  }

  @Override
  public Prepared prepare(SnapshotSpec spec) throws StorageException {
    String failure = "VDI " + spec.source() + " can't be snapshotted";
    Branching.Branch branch =
        repository.locked(
            failure,
            () -> new Branching(shelf).prepare(Branching.Fork.of(spec), ErrorCode.VDI_SNAPSHOT));
    return new PreparedBranch(repository, branch, failure);
  }

  @Override
  public boolean recover(SnapshotSpec spec) throws StorageException {
    return repository.locked(
        "The snapshot " + spec.snapshot() + " of VDI " + spec.source() + " can't be finished",
        () -> new Branching(shelf).recover(Branching.Fork.of(spec)));
  }

  @Override
  public void revert(VdiUuid volume, VdiUuid snapshot, VdiUuid displaced) throws StorageException {
    repository.locked(
        "VDI " + volume + " can't be reverted to " + snapshot,
        () -> {
          new Reverting(shelf, volume, snapshot, displaced).run();
          return volume;
        });
  }
}
