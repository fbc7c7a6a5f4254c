// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.block.sim.LogEntry;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.io.IOException;

/// A disk is put back to a snapshot: when another disk depends on what it held, and when the base
/// below that is needed by nobody else. Then it goes, with two bases that only it needed.
final class RevertWorkload implements CrashWorkload {

  @Override
  public String name() {
    return "REVERT";
  }

  @Override
  public int share() {
    return 1;
  }

  @Override
  public CrashBudget budget(CrashBudget general) {
    return general.rarelyNested();
  }

  @Override
  public boolean hasTwin(LogEntry.Write write) {
    return FooterWrites.ofTwo(write);
  }

  @Override
  public Recording record(long seed) throws IOException {
    try {
      return record(new RepositoryRig(seed));
    } catch (StorageException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private static Recording record(RepositoryRig rig) throws IOException, StorageException {
    VdiUuid disk = rig.create();
    VdiUuid dependent = rig.create();
    rig.write(disk);
    rig.snapshot(disk);
    VdiUuid snapshot = rig.snapshots().getFirst();
    rig.write(disk);
    rig.revert(dependent, disk);
    rig.write(dependent);
    rig.revert(disk, snapshot);
    rig.write(disk);
    rig.snapshot(disk);
    rig.write(disk);
    deleteSnapshotsBut(snapshot, rig);
    rig.revert(disk, snapshot);
    rig.write(disk);
    rig.snapshot(disk);
    rig.write(disk);
    rig.snapshot(disk);
    rig.write(disk);
    deleteSnapshotsBut(snapshot, rig);
    rig.delete(disk);
    return rig.recording();
  }

  private static void deleteSnapshotsBut(VdiUuid kept, RepositoryRig rig)
      throws IOException, StorageException {
    for (VdiUuid snapshot : rig.snapshots()) {
      if (!snapshot.equals(kept)) {
        rig.delete(snapshot);
      }
    }
  }
}
