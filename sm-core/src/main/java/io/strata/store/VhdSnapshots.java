// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import io.strata.spi.ErrorCode;
import io.strata.spi.Replacement;
import io.strata.spi.Snapshots;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/// Snapshots as VHD siblings over a common base.
final class VhdSnapshots implements Snapshots {
  private static final Logger LOG = System.getLogger(VhdSnapshots.class.getName());

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
            failure, () -> new Branching(shelf).prepare(spec, ErrorCode.VDI_SNAPSHOT));
    return new Prepared() {
      @Override
      public Replacement commit() throws StorageException {
        return repository.locked(failure, branch::commit);
      }

      @Override
      public void abandon() {
        try {
          repository.locked(
              failure,
              () -> {
                branch.abandon();
                return spec;
              });
        } catch (StorageException failed) {
          // Drafts are dropped when the SR is attached the next time.
          LOG.log(Level.WARNING, "Drafts of a snapshot of VDI " + spec.source() + " stay", failed);
        }
      }
    };
  }

  @Override
  public boolean recover(SnapshotSpec spec) throws StorageException {
    return repository.locked(
        "The snapshot " + spec.snapshot() + " of VDI " + spec.source() + " can't be finished",
        () -> new Branching(shelf).recover(spec));
  }

  @Override
  public void revert(VdiUuid volume, VdiUuid snapshot, VdiUuid displaced) throws StorageException {
    repository.locked(
        "VDI " + volume + " can't be reverted to " + snapshot,
        () -> {
          new Removal(shelf).revert(volume, snapshot, displaced);
          return volume;
        });
  }
}
