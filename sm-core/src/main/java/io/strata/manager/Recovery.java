// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.catalog.IntentRecord;
import io.strata.catalog.VdiRecord;
import io.strata.spi.PbdUuid;
import io.strata.spi.Repository;
import io.strata.spi.Snapshots;
import io.strata.spi.Snapshots.SnapshotSpec;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.util.Optional;

/// Ends what a crash interrupted. Operations that make a new disk or a snapshot are undone, since
/// nobody was told of it; those that change or remove one are replayed.
///
/// An undo that fails stays, is logged, and is tried at the next plug or scan; a replay that fails
/// is logged and given up. What leads to the same end whenever it is done stays too: the merge of a
/// running leaf, and the destruction of an SR until that is plugged.
final class Recovery {
  private static final System.Logger LOG = System.getLogger(Recovery.class.getName());

  private final Core core;
  private final Intents intents;
  private final VolumeResults results;
  private final ServedDisks disks;
  private final Collector collector;

  Recovery(
      Core core, Intents intents, VolumeResults results, ServedDisks disks, Collector collector) {
    this.disks = disks;
    this.collector = collector;
    this.core = core;
    this.intents = intents;
    this.results = results;
  }

  /// Ends interrupted operations on whole SRs. First thing when the daemon starts.
  void settleSrs() throws StorageException {
    for (IntentRecord intent : core.catalog().read(r -> r.intents())) {
      if (intent.host().equals(core.host())) {
        attempt(intent, () -> settleSr(intent));
      }
    }
  }

  private void settleSr(IntentRecord record) throws StorageException {
    try (Intents.Intent intent = intents.resume(record)) {
      switch (Operation.parse(record.operation())) {
        case SR_CREATE -> {
          core.drivers()
              .require(Replay.text(record, Replay.TYPE))
              .destroy(record.sr(), Replay.deviceConfig(record));
          intent.drop();
        }
        case SR_DESTROY -> {
          if (usedSince(record.sr())) {
            intent.drop();
            return;
          }
          core.drivers()
              .require(Replay.text(record, Replay.TYPE))
              .destroy(record.sr(), Replay.deviceConfig(record));
          intent.commit(w -> w.deleteSr(record.sr()));
        }
        case PBD_PLUG -> {
          PbdUuid pbd = PbdUuid.parse(Replay.text(record, Replay.PBD));
          intent.commit(w -> w.setPbdState(pbd, true, Optional.empty()));
        }
        case VDI_CREATE,
            VDI_CLONE,
            VDI_SNAPSHOT,
            VDI_REVERT,
            VDI_RESIZE,
            VDI_DESTROY,
            VDI_IMPORT,
            VDI_OVERWRITE,
            VDI_COPY,
            VDI_COALESCE,
            VDI_FREEZE,
            VDI_ABSORB -> {
          return; // when its SR is plugged
        }
      }
    }
    settled(record);
  }

  /// Whether an SR was put to use after its destruction had begun, here or by another host.
  private boolean usedSince(SrUuid sr) throws StorageException {
    return core.catalog()
        .read(r ->
            r.vdis(sr).stream().anyMatch(VdiRecord::managed)
                || r.pbds(sr).stream()
                    .anyMatch(pbd -> pbd.plugged() && !pbd.host().equals(core.host())));
  }

  /// Ends interrupted operations on an SR's VDIs. The caller holds the SR alone, and none of its
  /// disks is served that an intent is about.
  void settle(SrUuid sr, Repository repository) throws StorageException {
    for (IntentRecord intent : intents.leftOver(sr)) {
      if (intent.host().equals(core.host())) {
        attempt(intent, () -> settleVdi(intent, repository));
      }
    }
  }

  private void settleVdi(IntentRecord record, Repository repository) throws StorageException {
    try (Intents.Intent intent = intents.resume(record)) {
      switch (Operation.parse(record.operation())) {
        case VDI_CLONE, VDI_SNAPSHOT -> {
          VdiUuid added = Replay.newVdi(record).uuid();
          VdiUuid source = Replay.vdi(record, Replay.SOURCE);
          VdiUuid base = Replay.vdi(record, Replay.BASE);
          if (nobodys(added)) {
            undoBranch(repository, new SnapshotSpec(source, added, base));
          }
          intent.drop();
        }
        case VDI_CREATE, VDI_IMPORT -> {
          VdiUuid added = Replay.newVdi(record).uuid();
          if (nobodys(added)) {
            repository.delete(added);
          }
          intent.drop();
        }
        case VDI_REVERT -> {
          VdiUuid vdi = Replay.vdi(record, Replay.SOURCE);
          VdiUuid snapshot = Replay.vdi(record, Replay.BASE);
          VdiUuid displaced = Replay.vdi(record, Replay.DISPLACED);
          intent.replay(() -> VolumeResults.snapshots(repository).revert(vdi, snapshot, displaced));
          intent.commit(results.observed(repository, record.sr(), vdi));
        }
        case VDI_RESIZE -> {
          VdiUuid vdi = Replay.vdi(record, Replay.SOURCE);
          long sizeBytes = Long.parseLong(Replay.text(record, Replay.SIZE_BYTES));
          intent.replay(() -> disks.whilePaused(vdi, () -> repository.resize(vdi, sizeBytes)));
          intent.commit(results.observed(repository, record.sr(), vdi));
        }
        case VDI_DESTROY -> {
          VdiUuid vdi = Replay.vdi(record, Replay.SOURCE);
          intent.replay(() -> repository.delete(vdi));
          intent.commit(results.removed(repository, record.sr(), vdi));
        }
        case VDI_COALESCE -> collector.settle(record, repository, intent);
        case VDI_FREEZE -> collector.settleFreeze(record, repository, intent);
        case VDI_ABSORB -> {
          if (!collector.settleAbsorption(record, repository, intent)) {
            return;
          }
        }
        case VDI_OVERWRITE -> {
          VdiUuid vdi = Replay.vdi(record, Replay.SOURCE);
          if (core.catalog().read(r -> r.findVdi(vdi)).flatMap(UnendedImport::of).isPresent()) {
            LOG.log(
                System.Logger.Level.WARNING,
                "VDI {0}: an import into it was interrupted; its content is incomplete",
                vdi);
          }
          intent.drop();
        }
        case SR_DESTROY -> {
          intent.drop(); // it is plugged, and may be used
          return;
        }
        case SR_CREATE, PBD_PLUG -> {
          return; // when the daemon starts
        }
        case VDI_COPY -> {
          return; // goes on where it was
        }
      }
    }
    settled(record);
  }

  /// A VDI enters the catalog as its intent leaves. One that is there was made later, by somebody
  /// who chose the same UUID.
  private boolean nobodys(VdiUuid made) throws StorageException {
    return core.catalog().read(r -> r.findVdi(made)).isEmpty();
  }

  /// A base that is half made is the source's VHD under a second name: the branch is brought to its
  /// end, so that the base is one, before the new volume goes. A snapshot that was made so late
  /// would hold what the crash left in its disk, and not what it held when it was asked for.
  static void undoBranch(Repository repository, SnapshotSpec spec) throws StorageException {
    Optional<Snapshots> branches = repository.snapshots();
    if (branches.isPresent()) {
      branches.get().recover(spec);
    }
    repository.delete(spec.snapshot());
  }

  private static void attempt(IntentRecord intent, Intents.Ending ending) {
    try {
      ending.run();
    } catch (StorageException | RuntimeException e) {
      LOG.log(
          System.Logger.Level.ERROR,
          "SR "
              + intent.sr()
              + ": interrupted "
              + intent.operation()
              + " "
              + intent.id()
              + " was not settled",
          e);
    }
  }

  private static void settled(IntentRecord intent) {
    LOG.log(
        System.Logger.Level.WARNING,
        "SR {0}: interrupted {1} {2} was settled",
        intent.sr(),
        intent.operation(),
        intent.id());
  }
}
