// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.catalog.IntentRecord;
import io.strata.gc.GcAction;
import io.strata.spi.ErrorCode;
import io.strata.spi.Repository;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Collects in an SR what nobody needs any more: removes hidden nodes and merges chains, while
/// guests read and write.
///
/// Copies run without any lock; the SR is held only to plan, to open and to finish a merge. Trees
/// are worked on side by side.
final class Collector {
  private static final System.Logger LOG = System.getLogger(Collector.class.getName());

  /// Merges at once, over all SRs.
  private static final int PARALLEL = 2;

  /// How long [#stop] waits: flushes of a slow disk take their time.
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Core core;
  private final Intents intents;
  private final VolumeResults results;
  private final CollectionPlans plans;
  private final Merges merges;
  private final LeafMerges leafMerges;
  private final Semaphore slots = new Semaphore(PARALLEL, true);

  private final ReentrantLock turns = new ReentrantLock();
  private final Condition ended = turns.newCondition();

  /// Guarded by `turns`.
  private final Set<SrUuid> collecting = new HashSet<>();

  private volatile boolean stopped;

  Collector(
      Core core, Intents intents, VolumeResults results, Reconciler reconciler, ServedDisks disks) {
    this.core = core;
    this.intents = intents;
    this.results = results;
    plans = new CollectionPlans(core);
    merges = new Merges(core, intents, reconciler, disks, plans, () -> stopped);
    leafMerges =
        new LeafMerges(core, intents, results, reconciler, disks, plans, merges, () -> stopped);
  }

  /// What a collection would do now, and what it leaves and why. Empty for SRs without VHD chains.
  List<GcAction> plan(SrUuid sr) throws StorageException {
    return plans.plan(sr);
  }

  /// Collects until nothing is left to do, or what is left can't be done.
  ///
  /// @return what was done
  /// @throws StorageException what can't be done for a reason that does not pass by itself; the
  ///   rest is done
  List<GcAction> collect(SrUuid sr) throws StorageException {
    if (!begin(sr)) {
      throw new StorageException(
          ErrorCode.SR_IN_USE,
          "SR " + sr + " is being collected already.",
          "Wait until it is done; sr-gc dry-run=true shows what is left.");
    }
    try {
      List<GcAction> done = new ArrayList<>();
      Optional<StorageException> failure = Optional.empty();
      while (!stopped) {
        List<GcAction> work = next(plans.plan(sr));
        Results results = carryOut(sr, work);
        done.addAll(results.done());
        if (results.done().isEmpty()) {
          failure = results.lasting();
          break;
        }
      }
      if (failure.isPresent()) {
        throw incomplete(sr, done.size(), failure.get());
      }
      return done;
    } finally {
      end(sr);
    }
  }

  private boolean begin(SrUuid sr) {
    turns.lock();
    try {
      return collecting.add(sr);
    } finally {
      turns.unlock();
    }
  }

  private void end(SrUuid sr) {
    turns.lock();
    try {
      collecting.remove(sr);
      ended.signalAll();
    } finally {
      turns.unlock();
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

  /// Starts nothing new, and waits until merges that run have broken off at their next piece: after
  /// that no collection reads or writes any SR.
  void stop() {
    stopped = true;
    long left = PATIENCE.toNanos();
    turns.lock();
    try {
      while (!collecting.isEmpty() && left > 0) {
        left = ended.awaitNanos(left);
      }
      if (!collecting.isEmpty()) {
        LOG.log(System.Logger.Level.WARNING, "A collection did not stop within {0}", PATIENCE);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      turns.unlock();
    }
  }

  /// Ends a merge that a crash interrupted, or notes how far it got. The caller holds the SR alone.
  void settle(IntentRecord record, Repository repository, Intents.Intent intent)
      throws StorageException {
    merges.settle(record, repository, intent);
  }

  /// Ends a freeze that a crash interrupted. The caller holds the SR alone.
  void settleFreeze(IntentRecord record, Repository repository, Intents.Intent intent)
      throws StorageException {
    leafMerges.settleFreeze(record, repository, intent);
  }

  /// Ends a merge of a running leaf that was interrupted. The caller holds the SR alone.
  ///
  /// @return whether it could
  boolean settleAbsorption(IntentRecord record, Repository repository, Intents.Intent intent)
      throws StorageException {
    return leafMerges.settleAbsorption(record, repository, intent);
  }

  /// Removals, else merges: what nothing needs passes for another child of what is below it.
  private static List<GcAction> next(List<GcAction> plan) {
    List<GcAction> removals = plan.stream().filter(GcAction.Remove.class::isInstance).toList();
    return removals.isEmpty()
        ? plan.stream().filter(action -> !(action instanceof GcAction.Keep)).toList()
        : removals;
  }

  private static StorageException incomplete(SrUuid sr, int done, StorageException failure) {
    return new StorageException(
        failure.code(),
        "SR "
            + sr
            + " could not be collected whole ("
            + (done == 1 ? "1 action" : done + " actions")
            + " done): "
            + failure.what(),
        failure.remedy(),
        failure);
  }

  /// What came of a plan's actions.
  ///
  /// @param failed why the others were not done
  private record Results(List<GcAction> done, List<StorageException> failed) {

    /// A failure other than that somebody works with the same nodes.
    Optional<StorageException> lasting() {
      return failed.stream()
          .filter(e -> e.code() != ErrorCode.VDI_IN_USE && e.code() != ErrorCode.SR_UNAVAILABLE)
          .findFirst();
    }
  }

  private Results carryOut(SrUuid sr, List<GcAction> work) {
    List<GcAction> done = Collections.synchronizedList(new ArrayList<>());
    List<StorageException> failed = Collections.synchronizedList(new ArrayList<>());
    List<Thread> threads = new ArrayList<>();
    for (GcAction action : work) {
      threads.add(
          Thread.ofVirtual()
              .start(() -> {
                try {
                  if (!slots.tryAcquire(1, TimeUnit.HOURS)) {
                    return;
                  }
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                  return;
                }
                try {
                  carryOut(sr, action);
                  done.add(action);
                } catch (StorageException e) {
                  notCollected(sr, action, e);
                  failed.add(e);
                } catch (RuntimeException e) {
                  notCollected(sr, action, e);
                } finally {
                  slots.release();
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
    return new Results(List.copyOf(done), List.copyOf(failed));
  }

  private static void notCollected(SrUuid sr, GcAction action, Exception why) {
    LOG.log(
        System.Logger.Level.WARNING,
        "SR " + sr + ": not collected: " + action + ": " + why.getMessage());
  }

  private void carryOut(SrUuid sr, GcAction action) throws StorageException {
    if (stopped) {
      throw CollectionPlans.changed(sr);
    }
    switch (action) {
      case GcAction.Remove remove -> remove(sr, remove.node());
      case GcAction.MergeRun run -> merges.merge(sr, run.spec());
      case GcAction.MergeLeaf leaf -> leafMerges.merge(sr, leaf.volume());
      case GcAction.Keep _ -> {}
    }
    LOG.log(System.Logger.Level.INFO, "SR {0}: collected: {1}", sr, action.reason());
  }

  private void remove(SrUuid sr, VdiUuid node) throws StorageException {
    try (var _ = core.locks().sr(sr, "sr-gc")) {
      Repository repository = core.plugged().require(sr);
      try (Intents.Intent intent =
          intents.begin(Operation.VDI_DESTROY, sr, Map.of(Replay.SOURCE, node.toString()))) {
        try {
          repository.delete(node);
        } catch (StorageException e) {
          // Refused, or begun at most: the next collection plans it again, if it is still to go.
          intent.undo(e, () -> {});
          throw e;
        }
        intent.reached("deleted");
        intent.commit(results.removed(repository, sr, node));
      }
    }
  }
}
