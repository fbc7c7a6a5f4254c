// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.catalog.IntentRecord;
import io.strata.gc.GcAction;
import io.strata.spi.Replacement;
import io.strata.spi.Repository;
import io.strata.spi.Snapshots;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.VhdTree;
import io.strata.spi.Volume;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/// Merges the leaf that a guest writes to into what is below it.
final class LeafMerges {
  /// Up to this size a running leaf is merged at once into what is below it. What holds more is
  /// frozen first, and merged into whichever node holds most.
  static final long ABSORB_BYTES = 64L << 20;

  private final Core core;
  private final Intents intents;
  private final VolumeResults results;
  private final Reconciler reconciler;
  private final ServedDisks disks;
  private final CollectionPlans plans;
  private final Merges merges;
  private final BooleanSupplier stopped;

  LeafMerges(
      Core core,
      Intents intents,
      VolumeResults results,
      Reconciler reconciler,
      ServedDisks disks,
      CollectionPlans plans,
      Merges merges,
      BooleanSupplier stopped) {
    this.core = core;
    this.intents = intents;
    this.results = results;
    this.reconciler = reconciler;
    this.disks = disks;
    this.plans = plans;
    this.merges = merges;
    this.stopped = stopped;
  }

  /// Merges what the leaf holds and what is below it into one node, and then what the guest wrote
  /// meanwhile: once, since what it writes during that goes to both.
  void merge(SrUuid sr, VdiUuid volume) throws StorageException {
    Optional<GcAction.MergeLeaf> leaf = plans.leaf(sr, volume);
    if (leaf.isEmpty()) {
      return;
    }
    if (!small(sr, leaf.get())) {
      Merges.requireRoom(core.plugged().require(sr), sr, leaf.get().bytes());
      freeze(sr, volume);
      List<VdiUuid> run = plans.leaf(sr, volume).map(GcAction.MergeLeaf::below).orElse(List.of());
      if (run.size() > 1) {
        merges.merge(sr, plans.run(sr, run));
      }
    }
    Merges.requireRoom(core.plugged().require(sr), sr, volume(sr, volume).physicalBytes());
    absorb(sr, volume);
  }

  /// Whether the leaf can be merged as it is.
  private boolean small(SrUuid sr, GcAction.MergeLeaf leaf) throws StorageException {
    Volume top = volume(sr, leaf.volume());
    return leaf.below().size() == 1
        && top.physicalBytes() <= ABSORB_BYTES
        && top.virtualSizeBytes() == volume(sr, leaf.below().getFirst()).virtualSizeBytes();
  }

  /// Ends a freeze that a crash interrupted. The caller holds the SR alone.
  void settleFreeze(IntentRecord record, Repository repository, Intents.Intent intent)
      throws StorageException {
    Optional<VhdTree> tree = repository.vhdTree();
    if (tree.isPresent()) {
      tree.get().recoverFreeze(Replay.vdi(record, Replay.SOURCE), Replay.vdi(record, Replay.BASE));
    }
    intent.drop();
  }

  private Volume volume(SrUuid sr, VdiUuid vdi) throws StorageException {
    return core.plugged().require(sr).volume(vdi).orElseThrow(() -> CollectionPlans.changed(sr));
  }

  private void freeze(SrUuid sr, VdiUuid volume) throws StorageException {
    VdiUuid base = VdiUuid.random();
    try (var _ = core.locks().sr(sr, "sr-gc");
        Intents.Intent intent =
            intents.begin(
                Operation.VDI_FREEZE,
                sr,
                Map.of(Replay.SOURCE, volume.toString(), Replay.BASE, base.toString()))) {
      Snapshots.Prepared prepared;
      try {
        prepared = plans.tree(sr).prepareFreeze(volume, base);
        intent.passed("prepared");
        try {
          disks.whileAtRest(volume, prepared::commit);
        } catch (StorageException e) {
          prepared.abandon();
          throw e;
        }
      } catch (StorageException e) {
        intent.undo(e, () -> plans.tree(sr).recoverFreeze(volume, base));
        throw e;
      }
      intent.passed("frozen");
      prepared.release();
      intent.drop();
      reconciler.reconcile(sr, core.plugged().require(sr));
    }
  }

  private void absorb(SrUuid sr, VdiUuid volume) throws StorageException {
    try (VhdTree.Absorption absorption = open(sr, volume);
        Intents.Intent intent =
            intents.begin(
                Operation.VDI_ABSORB,
                sr,
                Map.of(
                    Replay.SOURCE,
                    volume.toString(),
                    Replay.BASE,
                    absorption.parent().toString()))) {
      try {
        begin(sr, volume, absorption);
        absorption.copy(new MergePace(disks, () -> goOn(sr), _ -> {}));
        finish(sr, volume, absorption, intent);
      } catch (StorageException e) {
        // What can't be taken back stays recorded.
        intent.undo(e, absorption::abandon);
        throw e;
      }
    }
  }

  private VhdTree.Absorption open(SrUuid sr, VdiUuid volume) throws StorageException {
    try (var _ = core.locks().sr(sr, "sr-gc")) {
      plans.requireNotAwaited(sr, volume(sr, volume).parent().stream().toList());
      return plans.tree(sr).absorb(volume);
    }
  }

  private void begin(SrUuid sr, VdiUuid volume, VhdTree.Absorption absorption)
      throws StorageException {
    try (var _ = core.locks().sr(sr, "sr-gc")) {
      disks.whileAtRest(
          volume,
          () -> {
            absorption.begin();
            return Replacement.none();
          });
    }
  }

  /// The device writes to both until it is at rest the next time, so that the result is recorded
  /// before.
  private void finish(
      SrUuid sr, VdiUuid volume, VhdTree.Absorption absorption, Intents.Intent intent)
      throws StorageException {
    try (var _ = core.locks().sr(sr, "sr-gc")) {
      Repository repository = core.plugged().require(sr);
      intent.reached("copied");
      absorption.finish();
      intent.passed("named");
      intent.commit(results.observed(repository, sr, List.of(volume, absorption.parent())));
      disks.whileAtRest(
          volume,
          () -> {
            absorption.end();
            return Replacement.none();
          });
    }
  }

  /// Ends a merge of a running leaf that was interrupted. The caller holds the SR alone.
  ///
  /// @return whether it could: not before the disk is detached, where it writes to both
  boolean settleAbsorption(IntentRecord record, Repository repository, Intents.Intent intent)
      throws StorageException {
    VdiUuid volume = Replay.vdi(record, Replay.SOURCE);
    Optional<VhdTree> tree = repository.vhdTree();
    if (tree.isPresent() && !tree.get().recoverAbsorption(volume)) {
      return false;
    }
    List<VdiUuid> touched = List.of(volume, Replay.vdi(record, Replay.BASE));
    intent.commit(results.observed(repository, record.sr(), touched));
    return true;
  }

  private void goOn(SrUuid sr) throws StorageException {
    if (stopped.getAsBoolean()) {
      throw CollectionPlans.changed(sr);
    }
  }
}
