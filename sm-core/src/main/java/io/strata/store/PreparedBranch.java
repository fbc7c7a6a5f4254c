// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import io.strata.spi.Replacement;
import io.strata.spi.Snapshots.Prepared;
import io.strata.spi.StorageException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/// A branch that waits to be committed or abandoned.
///
/// @param failure what to say if it fails
record PreparedBranch(VhdRepository repository, Branching.Branch branch, String failure)
    implements Prepared {
  private static final Logger LOG = System.getLogger(PreparedBranch.class.getName());

  @Override
  public Replacement commit() throws StorageException {
    return repository.locked(failure, branch::commit);
  }

  @Override
  public void release() throws StorageException {
    try {
      branch.settle();
    } catch (IOException failed) {
      throw StoreFailures.of(failure, failed);
    }
    repository.locked(
        failure,
        () -> {
          branch.release();
          return branch;
        });
  }

  @Override
  public void abandon() {
    try {
      repository.locked(
          failure,
          () -> {
            branch.abandon();
            return branch;
          });
    } catch (StorageException failed) {
      LOG.log(Level.WARNING, failure + ", nor taken back", failed);
    }
  }
}
