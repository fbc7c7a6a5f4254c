// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.catalog.IntentRecord;
import io.strata.spi.ErrorCode;
import io.strata.spi.Repository;
import io.strata.spi.Snapshots.Prepared;
import io.strata.spi.SpaceStat;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.VhdTree;
import io.strata.spi.VhdTree.MergeSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

/// Merges neighbours of a chain while guests read and write. Copies run without any lock; the SR is
/// held only to open and to finish a merge.
final class Merges {
  private static final String COPIED = "copied";
  private static final String BLOCK = "block-";

  /// What merges leave to the guests, or half of what is free where that is less: on an almost full
  /// SR, a merge that takes little is what gives space back.
  private static final long MOST_RESERVE_BYTES = 64L << 20;

  private final Core core;
  private final Intents intents;
  private final Reconciler reconciler;
  private final ServedDisks disks;
  private final CollectionPlans plans;
  private final BooleanSupplier stopped;

  /// How far merges into a node got before a crash interrupted them.
  private final Map<VdiUuid, Cursor> cursors = new ConcurrentHashMap<>();

  /// How far a merge got.
  private record Cursor(MergeSpec spec, int block) {}

  /// @param stopped once true, merges that run are broken off at the next piece
  Merges(
      Core core,
      Intents intents,
      Reconciler reconciler,
      ServedDisks disks,
      CollectionPlans plans,
      BooleanSupplier stopped) {
    this.core = core;
    this.intents = intents;
    this.reconciler = reconciler;
    this.disks = disks;
    this.plans = plans;
    this.stopped = stopped;
  }

  void merge(SrUuid sr, MergeSpec spec) throws StorageException {
    try (Intents.Intent intent = begin(sr, spec)) {
      try (VhdTree.Merge merge = open(sr, spec)) {
        requireRoom(core.plugged().require(sr), sr, merge.growthBytes());
        merge.copy(
            startOf(spec),
            new MergePace(disks, () -> goOn(sr), block -> intent.reached(BLOCK + block)));
        try (var _ = core.locks().sr(sr, "sr-gc")) {
          plans.requireNotAwaited(sr, spec.run());
          // What is recorded as copied is ended after a crash, whatever became of the run since.
          merge.ready();
          intent.reached(COPIED);
          merge.finish();
          intent.passed("finished");
          intent.drop();
          reconciler.reconcile(sr, core.plugged().require(sr));
        }
      } catch (StorageException e) {
        intent.undo(e, () -> {});
        throw e;
      }
    }
    refreshReaders(sr);
  }

  /// A merge that runs out of space has taken it from the guests, and gives none back.
  ///
  /// @param bytes what it takes at most
  static void requireRoom(Repository repository, SrUuid sr, long bytes) throws StorageException {
    SpaceStat space = repository.stat();
    long reserve = Math.min(MOST_RESERVE_BYTES, space.freeBytes() / 2);
    if (space.freeBytes() - reserve < bytes) {
      throw new StorageException(
          ErrorCode.SR_NO_SPACE,
          "SR "
              + sr
              + " has "
              + space.freeBytes()
              + " bytes free; a merge may take "
              + bytes
              + ", and "
              + reserve
              + " stay for the guests.",
          "Make room in the SR; a later collection merges then.");
    }
  }

  /// Where the copy begins: what was merged of a run before a crash counts only where nothing else
  /// of it changed since.
  private int startOf(MergeSpec spec) {
    return Optional.ofNullable(cursors.remove(spec.target()))
        .filter(cursor -> spec.continues(cursor.spec()))
        .map(Cursor::block)
        .orElse(0);
  }

  private VhdTree.Merge open(SrUuid sr, MergeSpec spec) throws StorageException {
    try (var _ = core.locks().sr(sr, "sr-gc")) {
      return plans.tree(sr).merge(spec);
    }
  }

  /// Ends a merge that a crash interrupted, or notes how far it got. The caller holds the SR alone.
  void settle(IntentRecord record, Repository repository, Intents.Intent intent)
      throws StorageException {
    MergeSpec spec = spec(record);
    Optional<VhdTree> tree = repository.vhdTree();
    if (tree.isPresent() && record.step().equals(COPIED)) {
      intent.replay(() -> tree.get().resumeFinish(spec));
    } else if (record.step().startsWith(BLOCK) && spec.survivorHidden()) {
      // A disk may be written to before its merge goes on: that one begins anew.
      int block = Integer.parseInt(record.step().substring(BLOCK.length()));
      cursors.put(spec.target(), new Cursor(spec, block));
    }
    intent.drop();
  }

  /// Running disks let go of the nodes that are gone.
  private void refreshReaders(SrUuid sr) throws StorageException {
    List<Prepared> replaced = new ArrayList<>();
    try (var _ = core.locks().sr(sr, "sr-gc")) {
      VhdTree tree = plans.tree(sr);
      for (VdiUuid volume : plans.running(sr)) {
        if (disks.serves(volume)) {
          replaced.add(refresh(volume, tree));
        }
      }
    } finally {
      for (Prepared prepared : replaced) {
        prepared.release();
      }
    }
  }

  private Prepared refresh(VdiUuid volume, VhdTree tree) throws StorageException {
    Prepared prepared = tree.prepareRefresh(volume);
    try {
      disks.whileAtRest(volume, prepared::commit);
      return prepared;
    } catch (StorageException e) {
      prepared.abandon();
      throw e;
    }
  }

  private void goOn(SrUuid sr) throws StorageException {
    if (stopped.getAsBoolean()) {
      throw CollectionPlans.changed(sr);
    }
  }

  private Intents.Intent begin(SrUuid sr, MergeSpec spec) throws StorageException {
    String run = spec.run().stream().map(VdiUuid::toString).collect(Collectors.joining(","));
    return intents.begin(
        Operation.VDI_COALESCE,
        sr,
        Map.of(
            Replay.RUN,
            run,
            Replay.TARGET,
            spec.target().toString(),
            Replay.SURVIVOR_HIDDEN,
            Boolean.toString(spec.survivorHidden()),
            Replay.VERSIONS,
            String.join(",", spec.versions())));
  }

  private static MergeSpec spec(IntentRecord record) throws StorageException {
    List<VdiUuid> run = new ArrayList<>();
    for (String vdi : Arrays.asList(Replay.text(record, Replay.RUN).split(",", -1))) {
      run.add(VdiUuid.parse(vdi));
    }
    return new MergeSpec(
        run,
        Replay.vdi(record, Replay.TARGET),
        Boolean.parseBoolean(Replay.text(record, Replay.SURVIVOR_HIDDEN)),
        List.of(Replay.text(record, Replay.VERSIONS).split(",", -1)));
  }
}
