// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.catalog.IntentRecord;
import io.strata.gc.GcAction;
import io.strata.gc.GcPlanner;
import io.strata.spi.ErrorCode;
import io.strata.spi.Repository;
import io.strata.spi.Snapshots.Prepared;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.VhdTree;
import io.strata.spi.VhdTree.MergeSpec;
import io.strata.spi.Volume;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/// Collects in an SR what nobody needs any more: removes hidden nodes and merges chains, while
/// guests read and write.
///
/// Copies run without any lock; the SR is held only to plan, to open and to finish a merge. Trees
/// are worked on side by side.
final class Collector {
  private static final System.Logger LOG = System.getLogger(Collector.class.getName());

  /// Merges at once, over all SRs.
  private static final int PARALLEL = 2;

  /// Up to this size a running leaf is merged while its guest waits.
  static final long ABSORB_BYTES = 4L << 20;

  /// How often a running leaf is frozen before it is left one node longer.
  private static final int MOST_ROUNDS = 8;

  private final Core core;
  private final Intents intents;
  private final VolumeResults results;
  private final Reconciler reconciler;
  private final ServedDisks disks;
  private final Semaphore merges = new Semaphore(PARALLEL, true);
  private final Set<SrUuid> collecting = ConcurrentHashMap.newKeySet();

  /// How far merges got that a crash interrupted.
  private final Map<MergeSpec, Integer> cursors = new ConcurrentHashMap<>();

  private volatile boolean stopped;

  Collector(
      Core core, Intents intents, VolumeResults results, Reconciler reconciler, ServedDisks disks) {
    this.core = core;
    this.intents = intents;
    this.results = results;
    this.reconciler = reconciler;
    this.disks = disks;
  }

  /// What a collection would do now, and what it leaves and why. Empty for SRs without VHD chains.
  List<GcAction> plan(SrUuid sr) throws StorageException {
    Optional<VhdTree> tree = core.plugged().require(sr).vhdTree();
    if (tree.isEmpty()) {
      return List.of();
    }
    try (var _ = core.locks().sr(sr, "sr-gc")) {
      return GcPlanner.plan(tree.get().nodes(), running(sr));
    }
  }

  /// Collects until nothing is left to do.
  ///
  /// @return what was done
  List<GcAction> collect(SrUuid sr) throws StorageException {
    if (!collecting.add(sr)) {
      throw new StorageException(
          ErrorCode.SR_IN_USE,
          "SR " + sr + " is being collected already.",
          "Wait until it is done; sr-gc dry-run=true shows what is left.");
    }
    try {
      List<GcAction> done = new ArrayList<>();
      while (!stopped) {
        List<GcAction> work = plan(sr).stream().filter(a -> !(a instanceof GcAction.Keep)).toList();
        List<GcAction> succeeded = work.isEmpty() ? List.of() : carryOut(sr, work);
        done.addAll(succeeded);
        if (succeeded.isEmpty()) {
          break;
        }
      }
      return done;
    } finally {
      collecting.remove(sr);
    }
  }

  /// Collects in the background, unless that is going on.
  void request(SrUuid sr) {
    Thread.ofVirtual()
        .name("collect-" + sr)
        .start(() -> {
          try {
            collect(sr);
          } catch (StorageException e) {
            LOG.log(System.Logger.Level.DEBUG, "SR {0}: {1}", sr, e.getMessage());
          }
        });
  }

  /// Starts nothing new; merges that run are broken off at the next piece.
  void stop() {
    stopped = true;
  }

  /// Ends a merge that a crash interrupted, or notes how far it got. The caller holds the SR alone.
  void settle(IntentRecord record, Repository repository, Intents.Intent intent)
      throws StorageException {
    MergeSpec spec = spec(record);
    Optional<VhdTree> tree = repository.vhdTree();
    if (tree.isPresent() && record.step().equals(COPIED)) {
      tree.get().resumeFinish(spec);
    } else if (record.step().startsWith(BLOCK)) {
      cursors.put(spec, Integer.parseInt(record.step().substring(BLOCK.length())));
    }
    intent.drop();
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

  private static final String COPIED = "copied";
  private static final String BLOCK = "block-";

  private Set<VdiUuid> running(SrUuid sr) throws StorageException {
    return core.catalog().read(r -> r.attachments(sr)).stream()
        .filter(a -> a.mode() == io.strata.spi.AccessMode.RW)
        .map(a -> a.vdi())
        .collect(Collectors.toUnmodifiableSet());
  }

  private List<GcAction> carryOut(SrUuid sr, List<GcAction> work) {
    List<GcAction> done = java.util.Collections.synchronizedList(new ArrayList<>());
    List<Thread> threads = new ArrayList<>();
    for (GcAction action : work) {
      threads.add(
          Thread.ofVirtual()
              .start(() -> {
                try {
                  if (!merges.tryAcquire(1, TimeUnit.HOURS)) {
                    return;
                  }
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                  return;
                }
                try {
                  carryOut(sr, action);
                  done.add(action);
                } catch (StorageException | RuntimeException e) {
                  LOG.log(
                      System.Logger.Level.WARNING,
                      "SR " + sr + ": not collected: " + action + ": " + e.getMessage());
                } finally {
                  merges.release();
                }
              }));
    }
    for (Thread thread : threads) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    return List.copyOf(done);
  }

  private void carryOut(SrUuid sr, GcAction action) throws StorageException {
    if (stopped) {
      throw stopping(sr);
    }
    switch (action) {
      case GcAction.Remove remove -> remove(sr, remove.node());
      case GcAction.MergeRun run -> merge(sr, run.spec());
      case GcAction.MergeLeaf leaf -> mergeLeaf(sr, leaf.volume());
      case GcAction.Keep _ -> {}
    }
    LOG.log(System.Logger.Level.INFO, "SR {0}: collected: {1}", sr, action.reason());
  }

  private void remove(SrUuid sr, VdiUuid node) throws StorageException {
    try (var _ = core.locks().sr(sr, "sr-gc")) {
      Repository repository = core.plugged().require(sr);
      try (Intents.Intent intent =
          intents.begin(Operation.VDI_DESTROY, sr, Map.of(Replay.SOURCE, node.toString()))) {
        repository.delete(node);
        intent.reached("deleted");
        intent.commit(results.removed(repository, sr, node));
      }
    }
  }

  private void merge(SrUuid sr, MergeSpec spec) throws StorageException {
    VhdTree tree = tree(sr);
    try (Intents.Intent intent = begin(sr, spec)) {
      try (VhdTree.Merge merge = open(sr, tree, spec)) {
        Integer cursor = cursors.remove(spec);
        merge.copy(cursor == null ? 0 : cursor, new Yielding(sr, intent));
        try (var _ = core.locks().sr(sr, "sr-gc")) {
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
    refreshReaders(sr, tree);
  }

  private VhdTree.Merge open(SrUuid sr, VhdTree tree, MergeSpec spec) throws StorageException {
    try (var _ = core.locks().sr(sr, "sr-gc")) {
      return tree.merge(spec);
    }
  }

  /// Rounds: what the leaf holds is frozen and merged while the guest goes on, until so little is
  /// left that it is merged while the guest waits.
  private void mergeLeaf(SrUuid sr, VdiUuid volume) throws StorageException {
    for (int round = 0; round < MOST_ROUNDS && !stopped; round++) {
      Optional<GcAction.MergeLeaf> leaf = leafPlan(sr, volume);
      if (leaf.isEmpty()) {
        return;
      }
      if (leaf.get().below().size() == 1 && physicalBytes(sr, volume) <= ABSORB_BYTES) {
        absorb(sr, volume);
        return;
      }
      if (round == 0 || physicalBytes(sr, volume) > ABSORB_BYTES) {
        freeze(sr, volume);
      }
      List<VdiUuid> run = leafPlan(sr, volume).map(GcAction.MergeLeaf::below).orElse(List.of());
      if (run.size() > 1) {
        merge(sr, runOf(sr, run));
      }
    }
    LOG.log(System.Logger.Level.INFO, "VDI {0}: its guest writes too fast; one node stays", volume);
  }

  private Optional<GcAction.MergeLeaf> leafPlan(SrUuid sr, VdiUuid volume) throws StorageException {
    return plan(sr).stream()
        .filter(GcAction.MergeLeaf.class::isInstance)
        .map(GcAction.MergeLeaf.class::cast)
        .filter(a -> a.volume().equals(volume))
        .findFirst();
  }

  private MergeSpec runOf(SrUuid sr, List<VdiUuid> run) throws StorageException {
    Map<VdiUuid, Volume> nodes =
        tree(sr).nodes().stream().collect(Collectors.toMap(Volume::uuid, v -> v));
    List<Volume> volumes = new ArrayList<>();
    for (VdiUuid vdi : run) {
      volumes.add(Optional.ofNullable(nodes.get(vdi)).orElseThrow(() -> stopping(sr)));
    }
    return new MergeSpec(run, GcPlanner.target(volumes).uuid(), true);
  }

  private long physicalBytes(SrUuid sr, VdiUuid volume) throws StorageException {
    return core.plugged()
        .require(sr)
        .volume(volume)
        .map(Volume::physicalBytes)
        .orElseThrow(() -> stopping(sr));
  }

  private void freeze(SrUuid sr, VdiUuid volume) throws StorageException {
    VdiUuid base = VdiUuid.random();
    try (var _ = core.locks().sr(sr, "sr-gc");
        Intents.Intent intent =
            intents.begin(
                Operation.VDI_FREEZE,
                sr,
                Map.of(Replay.SOURCE, volume.toString(), Replay.BASE, base.toString()))) {
      var prepared = tree(sr).prepareFreeze(volume, base);
      intent.passed("prepared");
      try {
        disks.whilePaused(volume, prepared::commit);
      } catch (StorageException e) {
        prepared.abandon();
        intent.undo(e, () -> {});
        throw e;
      }
      intent.passed("frozen");
      intent.drop();
      reconciler.reconcile(sr, core.plugged().require(sr));
    }
  }

  private void absorb(SrUuid sr, VdiUuid volume) throws StorageException {
    VhdTree tree = tree(sr);
    try (var _ = core.locks().sr(sr, "sr-gc")) {
      disks.whilePaused(
          volume,
          () -> {
            tree.absorb(volume);
            return io.strata.spi.Replacement.none();
          });
      reconciler.reconcile(sr, core.plugged().require(sr));
    }
  }

  /// Running disks let go of the nodes that are gone. Closing these frees their storage, which may
  /// take long, so nothing is held by then.
  private void refreshReaders(SrUuid sr, VhdTree tree) throws StorageException {
    List<Prepared> replaced = new ArrayList<>();
    try (var _ = core.locks().sr(sr, "sr-gc")) {
      for (VdiUuid volume : running(sr)) {
        if (disks.serves(volume)) {
          replaced.add(refresh(volume, tree));
        }
      }
    } finally {
      replaced.forEach(Prepared::release);
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

  private VhdTree tree(SrUuid sr) throws StorageException {
    return core.plugged().require(sr).vhdTree().orElseThrow(() -> stopping(sr));
  }

  private static StorageException stopping(SrUuid sr) {
    return new StorageException(
        ErrorCode.SR_UNAVAILABLE,
        "SR " + sr + " changed while it was collected.",
        "Nothing needs to be done: the next collection goes on.");
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
            Boolean.toString(spec.survivorHidden())));
  }

  private static MergeSpec spec(IntentRecord record) throws StorageException {
    List<VdiUuid> run = new ArrayList<>();
    for (String vdi : Arrays.asList(Replay.text(record, Replay.RUN).split(",", -1))) {
      run.add(VdiUuid.parse(vdi));
    }
    return new MergeSpec(
        run,
        Replay.vdi(record, Replay.TARGET),
        Boolean.parseBoolean(Replay.text(record, Replay.SURVIVOR_HIDDEN)));
  }

  /// Follows a merge: notes how far it is, and leaves the guests of the SR half of the time.
  private final class Yielding implements VhdTree.MergeProgress {
    private static final long PIECE_BYTES = 1L << 20;

    private final SrUuid sr;
    private final Intents.Intent intent;
    private long bytes;
    private long since = System.nanoTime();
    private long seenRequests;

    Yielding(SrUuid sr, Intents.Intent intent) {
      this.sr = sr;
      this.intent = intent;
    }

    @Override
    public void merged(long more) throws StorageException {
      if (stopped) {
        throw stopping(sr);
      }
      bytes += more;
      if (bytes < PIECE_BYTES) {
        return;
      }
      bytes = 0;
      long busy = System.nanoTime() - since;
      long requests = disks.requests();
      boolean guestsBusy = requests != seenRequests;
      seenRequests = requests;
      if (guestsBusy) {
        java.util.concurrent.locks.LockSupport.parkNanos(busy);
      }
      since = System.nanoTime();
    }

    @Override
    public void durableUpTo(int block) throws StorageException {
      intent.reached(BLOCK + block);
    }
  }
}
