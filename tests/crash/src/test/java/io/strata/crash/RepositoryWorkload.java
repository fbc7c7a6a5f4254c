// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.block.BlockDevice;
import io.strata.block.sim.LogEntry;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/// Volumes of a repository come and go, are snapshotted while they are written, cloned, reverted,
/// resized and deleted, and change logs are kept for them.
final class RepositoryWorkload implements CrashWorkload {
  private static final int OPERATIONS = 12;

  @Override
  public String name() {
    return "REPOSITORY";
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
      rig.create();
      for (int i = 0; i < OPERATIONS; i++) {
        operation(rig);
      }
      return rig.recording();
    } catch (StorageException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private static void operation(RepositoryRig rig) throws IOException, StorageException {
    List<VdiUuid> writable = rig.writable();
    if (writable.isEmpty()) {
      rig.create();
      return;
    }
    VdiUuid vdi = writable.get(rig.random().nextInt(writable.size()));
    VdiUuid other = rig.someClosed().orElseThrow();
    switch (rig.random().nextInt(12)) {
      case 0 -> rig.create();
      case 1, 2 -> changeOpen(rig, vdi);
      case 3 -> rig.snapshot(vdi);
      case 4 -> rig.cloneVolume(rig.random().nextBoolean() ? vdi : other);
      case 5 -> rig.revert(reverted(rig, vdi), other);
      case 6, 7 -> rig.delete(other);
      case 8 -> rig.resize(vdi, Optional.empty());
      case 9 -> rig.keepLog(other);
      case 10 -> rig.dropLog(other);
      default -> rig.write(vdi);
    }
  }

  /// Where some volumes are needed by others, often one of those.
  private static VdiUuid reverted(RepositoryRig rig, VdiUuid vdi) {
    return rig.needed().isEmpty() || rig.random().nextBoolean() ? vdi : rig.needed().getFirst();
  }

  /// Snapshots and grows a volume while it is written.
  private static void changeOpen(RepositoryRig rig, VdiUuid vdi)
      throws IOException, StorageException {
    BlockDevice device = rig.open(vdi);
    rig.writeSome(vdi, device);
    if (rig.random().nextInt(3) > 0) {
      device = rig.snapshot(vdi, device);
    } else {
      device = rig.resize(vdi, Optional.of(device)).orElseThrow();
    }
    rig.writeSome(vdi, device);
    rig.close(vdi, device);
  }
}
