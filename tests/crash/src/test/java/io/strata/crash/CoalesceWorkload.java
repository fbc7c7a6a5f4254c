// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.block.BlockDevice;
import io.strata.block.sim.LogEntry;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.io.IOException;
import java.util.Optional;

/// Chains grow, lose their snapshots and are merged: closed and running disks, beside siblings, to
/// the end, broken off, and cancelled by a user's operation.
final class CoalesceWorkload implements CrashWorkload {
  private static final int ROUNDS = 3;

  @Override
  public String name() {
    return "COALESCE";
  }

  @Override
  public int share() {
    return 2;
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
      RepositoryRig rig = new RepositoryRig(seed);
      RepositoryMerges merges = new RepositoryMerges(rig);
      VdiUuid vdi = rig.create();
      for (int i = 0; i < ROUNDS; i++) {
        grow(rig, vdi);
        if (rig.random().nextBoolean()) {
          whileRunning(rig, merges, vdi);
        } else {
          merges.collect();
        }
      }
      merges.collect();
      return rig.recording();
    } catch (StorageException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /// Puts nodes below the disk, of which some are shared and others serve only their child.
  private static void grow(RepositoryRig rig, VdiUuid vdi) throws IOException, StorageException {
    int snapshots = 1 + rig.random().nextInt(3);
    for (int i = 0; i < snapshots; i++) {
      rig.write(vdi);
      rig.snapshot(vdi);
    }
    if (rig.random().nextInt(3) == 0) {
      rig.cloneVolume(rig.someClosed().orElseThrow());
    }
    for (VdiUuid other : rig.volumes()) {
      if (!other.equals(vdi) && rig.random().nextInt(4) > 0) {
        rig.delete(other);
      }
    }
  }

  private static void whileRunning(RepositoryRig rig, RepositoryMerges merges, VdiUuid vdi)
      throws IOException, StorageException {
    BlockDevice device = rig.open(vdi);
    rig.writeSome(vdi, device);
    if (rig.random().nextInt(3) == 0) {
      device = rig.resize(vdi, Optional.of(device)).orElseThrow();
      rig.writeSome(vdi, device);
    }
    device = merges.mergeLeaf(vdi, device);
    rig.writeSome(vdi, device);
    rig.close(vdi, device);
  }
}
