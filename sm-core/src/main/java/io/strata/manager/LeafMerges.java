// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.catalog.IntentRecord;
import io.strata.gc.GcAction;
import io.strata.spi.Replacement;
import io.strata.spi.Repository;
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
  private static final System.Logger LOG = System.getLogger(LeafMerges.class.getName());

  /// Up to this size a running leaf is merged while its guest waits.
  static final long ABSORB_BYTES = 4L << 20;

  /// How often a running leaf is frozen before it is left one node longer.
  static final int MOST_ROUNDS = 5;

  private final Core core;
  private final Intents intents;
  private final Reconciler reconciler;
  private final ServedDisks disks;
  private final CollectionPlans plans;
  private final Merges merges;
  private final BooleanSupplier stopped;

  LeafMerges(
      Core core,
      Intents intents,
      Reconciler reconciler,
      ServedDisks disks,
      CollectionPlans plans,
      Merges merges,
      BooleanSupplier stopped) {
    this.core = core;
    this.intents = intents;
    this.reconciler = reconciler;
    this.disks = disks;
    this.plans = plans;
    this.merges = merges;
    this.stopped = stopped;
  }

  /// Rounds: what the leaf holds is frozen and merged while the guest goes on, until so little is
  /// left that it is merged while the guest waits.
  ///
  /// @return false if the guest writes too fast for that
  boolean merge(SrUuid sr, VdiUuid volume) throws StorageException {
    for (int round = 0; round < MOST_ROUNDS && !stopped.getAsBoolean(); round++) {
      Optional<GcAction.MergeLeaf> leaf = plans.leaf(sr, volume);
      if (leaf.isEmpty()) {
        return true;
      }
      long held = physicalBytes(sr, volume);
      if (leaf.get().below().size() == 1 && held <= ABSORB_BYTES) {
        absorb(sr, volume);
        return true;
      }
      if (round == 0 || held > ABSORB_BYTES) {
        freeze(sr, volume);
      }
      List<VdiUuid> run = plans.leaf(sr, volume).map(GcAction.MergeLeaf::below).orElse(List.of());
      if (run.size() > 1) {
        merges.merge(
            sr, plans.run(sr, run), round == 0 ? MergePace.Share.HALF : MergePace.Share.QUARTER);
      }
    }
    LOG.log(System.Logger.Level.INFO, "VDI {0}: its guest writes too fast; one node stays", volume);
    return false;
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

  private long physicalBytes(SrUuid sr, VdiUuid volume) throws StorageException {
    return core.plugged()
        .require(sr)
        .volume(volume)
        .map(Volume::physicalBytes)
        .orElseThrow(() -> CollectionPlans.changed(sr));
  }

  private void freeze(SrUuid sr, VdiUuid volume) throws StorageException {
    VdiUuid base = VdiUuid.random();
    try (var _ = core.locks().sr(sr, "sr-gc");
        Intents.Intent intent =
            intents.begin(
                Operation.VDI_FREEZE,
                sr,
                Map.of(Replay.SOURCE, volume.toString(), Replay.BASE, base.toString()))) {
      var prepared = plans.tree(sr).prepareFreeze(volume, base);
      intent.passed("prepared");
      try {
        disks.whilePaused(volume, prepared::commit);
      } catch (StorageException e) {
        prepared.abandon();
        intent.undo(e, () -> {});
        throw e;
      }
      intent.passed("frozen");
      prepared.release();
      intent.drop();
      reconciler.reconcile(sr, core.plugged().require(sr));
    }
  }

  private void absorb(SrUuid sr, VdiUuid volume) throws StorageException {
    VhdTree tree = plans.tree(sr);
    try (var _ = core.locks().sr(sr, "sr-gc")) {
      disks.whilePaused(
          volume,
          () -> {
            tree.absorb(volume);
            return Replacement.none();
          });
      reconciler.reconcile(sr, core.plugged().require(sr));
    }
  }
}
