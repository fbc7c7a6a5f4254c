// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.block.sim.LogEntry;
import io.strata.spi.StorageException;
import java.io.IOException;

/// What users ask a daemon for: its catalog and its recorded intents together with the storage.
///
/// The identities that the daemon chooses itself differ from run to run; what is done is the same
/// for a seed.
final class DaemonWorkload implements CrashWorkload {
  private static final int OPERATIONS = 7;

  @Override
  public String name() {
    return "DAEMON";
  }

  @Override
  public CrashBudget budget(CrashBudget general) {
    return general.sparse();
  }

  @Override
  public boolean hasTwin(LogEntry.Write write) {
    return FooterWrites.ofTwo(write);
  }

  @Override
  public Recording record(long seed) throws IOException {
    try (DaemonRig rig = new DaemonRig(seed)) {
      rig.createSr();
      rig.create();
      for (int i = 0; i < OPERATIONS; i++) {
        operation(rig, (int) ((seed + i * 5L) % 12));
      }
      switch ((int) (seed % 6)) {
        case 0 -> rig.destroySr();
        case 1 -> rig.overwriteDisk();
        case 2 -> rig.replug();
        case 3 -> rig.moveDisk();
        case 4 -> rig.scanMarkedDisk();
        default -> rig.destroyData();
      }
      return rig.recording();
    } catch (StorageException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private static void operation(DaemonRig rig, int which) throws IOException, StorageException {
    switch (which) {
      case 0 -> rig.create();
      case 1 -> rig.snapshotRunning();
      case 2 -> rig.cloneDisk();
      case 3 -> rig.importDisk();
      case 4 -> rig.copyDisk();
      case 5 -> rig.resize();
      case 6 -> rig.revert();
      case 7 -> rig.destroy();
      case 8 -> rig.collect();
      case 9 -> rig.collectRunning();
      case 10 -> rig.resizeRunning();
      default -> rig.write();
    }
  }
}
