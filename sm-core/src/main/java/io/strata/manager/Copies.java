// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.catalog.IntentRecord;
import io.strata.catalog.VdiRecord;
import io.strata.spi.ErrorCode;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/// Copies of disks, which go on where they were after a failure or the daemon's death.
///
/// The steps, each idempotent:
///
/// | step | when it is recorded | what a resumed copy does |
/// |---|---|---|
/// | `recorded` | first | makes the new volume |
/// | `created` | the volume is there | copies from the start |
/// | `copied:N` | the first N bytes are durable in the target | copies from N on |
/// | (none) | compared, if asked for | compares again |
/// | (none) | the new disk is in the catalog and the intent gone, at once | |
///
/// With a move's end the catalog gets an intent to destroy the source, in the same transaction:
/// from there on recovery ends it as any destruction.
///
/// A copy goes on only while its source holds what it held, and its target nothing of others: both
/// contents are named in the catalog, and the names go when somebody may write. Otherwise it is
/// taken back.
final class Copies {
  private static final System.Logger LOG = System.getLogger(Copies.class.getName());
  private static final long STOP_MILLIS = 60_000;
  private static final String STOPS = "the daemon stops";

  private final Core core;
  private final CopySteps steps;

  /// Who works on a target: one at a time.
  private final Map<VdiUuid, CopyRun> runs = new ConcurrentHashMap<>();

  /// Threads that look for copies that broke off, and go on with them.
  private final Set<Thread> resuming = ConcurrentHashMap.newKeySet();

  private volatile boolean stopping;

  Copies(
      Core core,
      Intents intents,
      VolumeResults results,
      TransferDisks disks,
      CopySteps.Removal removal) {
    this.core = core;
    steps = new CopySteps(core, intents, results, disks, removal);
  }

  /// Moves a disk that nobody uses to another SR: copies it, reads the copy back, and destroys it.
  /// The same request again goes on with a move that broke off.
  ///
  /// @return the disk that takes its place
  VdiUuid move(VdiUuid vdi, SrUuid sr, ProgressListener progress) throws StorageException {
    VdiRecord source = VdiRecords.withData(core.catalog().read(r -> r.vdi(vdi)));
    return copy(CopyPlanner.assertMovable(source, sr, progress), true);
  }

  /// Copies; the same request again goes on with a copy that broke off, or waits for one that runs.
  VdiUuid copy(VdiCopy request) throws StorageException {
    return copy(request, false);
  }

  private VdiUuid copy(VdiCopy request, boolean moves) throws StorageException {
    CopyPlanner.assertOneTarget(request);
    VdiRecord source = VdiRecords.withData(core.catalog().read(r -> r.vdi(request.source())));
    for (IntentRecord left : core.catalog().read(r -> r.intents())) {
      if (!isOurs(left)) {
        continue;
      }
      CopyIntent copy = CopyIntent.parse(left);
      if (copy.answers(request, moves)
          && goOn(left, request.verify() ? copy.verified() : copy, request.progress())) {
        return copy.target();
      }
    }
    CopyIntent copy = CopyPlanner.plan(core, request, source, moves);
    CopyRun run = new CopyRun(copy, request.progress());
    if (runs.putIfAbsent(copy.target(), run) != null) {
      throw new StorageException(
          ErrorCode.VDI_IN_USE,
          "Another copy to VDI " + copy.target() + " is running.",
          "Wait until it has ended; task-list shows it.");
    }
    work(
        copy,
        run,
        () -> {
          steps.begin(copy, run);
          return true;
        });
    return copy.target();
  }

  private boolean isOurs(IntentRecord intent) {
    return intent.operation().equals(CopySteps.VERB) && intent.host().equals(core.host());
  }

  /// Goes on with a copy that broke off, if it did not end meanwhile, or waits for who does.
  ///
  /// @return whether it is complete
  private boolean goOn(IntentRecord seen, CopyIntent copy, ProgressListener progress)
      throws StorageException {
    CopyRun run = new CopyRun(copy, progress);
    CopyRun other = runs.putIfAbsent(copy.target(), run);
    if (other != null) {
      return other.does(copy) && other.await(progress);
    }
    return work(
        copy,
        run,
        () -> {
          Optional<IntentRecord> left = intent(seen.id());
          return left.isPresent() ? steps.goOn(left.get(), copy, run) : steps.complete(copy);
        });
  }

  /// The steps of a copy.
  @FunctionalInterface
  private interface Work {
    /// @return whether the copy is complete
    boolean run() throws StorageException;
  }

  /// Works on a target that the run has taken, and gives it free.
  private boolean work(CopyIntent copy, CopyRun run, Work work) throws StorageException {
    try {
      if (stopping) {
        run.breakOff(STOPS);
      }
      boolean complete = work.run();
      run.ended(complete);
      return complete;
    } catch (StorageException e) {
      run.failed(e);
      throw e;
    } finally {
      runs.remove(copy.target());
      run.end();
    }
  }

  private Optional<IntentRecord> intent(UUID id) throws StorageException {
    return core.catalog().read(r -> r.intents()).stream()
        .filter(intent -> intent.id().equals(id) && isOurs(intent))
        .findFirst();
  }

  /// Gives up a copy, which is broken off first if it runs: a new disk's volume goes; a disk that
  /// was written over keeps what it got.
  void cancel(UUID task) throws StorageException {
    CopyIntent copy = CopyIntent.parse(intent(task).orElseThrow(() -> unknown(task)));
    CopyRun cancelling = new CopyRun(copy, ProgressListener.NONE);
    Optional<CopyRun> other = Optional.ofNullable(runs.putIfAbsent(copy.target(), cancelling));
    while (other.isPresent()) {
      other.get().cancel();
      if (!awaitEnd(other.get())) {
        throw new StorageException(
            ErrorCode.VDI_IN_USE,
            "The copy of VDI " + copy.source() + " does not break off.",
            "Wait until its storage answers, then cancel it again.");
      }
      other = Optional.ofNullable(runs.putIfAbsent(copy.target(), cancelling));
    }
    try {
      Optional<IntentRecord> left = intent(task);
      if (left.isPresent()) {
        steps.giveUp(left.get(), copy);
      } else if (steps.complete(copy)) {
        throw unknown(task);
      }
    } finally {
      runs.remove(copy.target());
      cancelling.end();
    }
  }

  private static StorageException unknown(UUID task) {
    return new StorageException(
        ErrorCode.BAD_REQUEST, "There is no copy " + task + " under way.", "See task-list.");
  }

  private static boolean awaitEnd(CopyRun run) throws StorageException {
    try {
      return run.awaitEnd(STOP_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StorageException(
          ErrorCode.TRY_AGAIN, "The wait for the copy was interrupted.", "Send it again.", e);
    }
  }

  /// Goes on, in the background and one after another, with the copies that broke off and whose SRs
  /// are reachable.
  void resumeLeft() {
    Thread thread =
        Thread.ofVirtual()
            .name("copies")
            .unstarted(() -> {
              try {
                if (stopping) {
                  return;
                }
                for (IntentRecord left : core.catalog().read(r -> r.intents())) {
                  if (!stopping && isOurs(left)) {
                    resume(left);
                  }
                }
              } catch (StorageException | RuntimeException e) {
                LOG.log(System.Logger.Level.ERROR, "interrupted copies do not go on", e);
              } finally {
                resuming.remove(Thread.currentThread());
              }
            });
    resuming.add(thread);
    thread.start();
  }

  private void resume(IntentRecord left) {
    try {
      CopyIntent copy = CopyIntent.parse(left);
      Optional<VdiRecord> source = core.catalog().read(r -> r.findVdi(copy.source()));
      boolean reachable =
          core.plugged().find(copy.targetSr()).isPresent()
              && source.map(vdi -> core.plugged().find(vdi.sr()).isPresent()).orElse(true);
      if (reachable && !runs.containsKey(copy.target())) {
        LOG.log(
            System.Logger.Level.INFO,
            "VDI {0}: its copy to {1} goes on at byte {2}",
            copy.source(),
            copy.target(),
            Long.toString(CopyIntent.copiedBytes(left)));
        goOn(left, copy, ProgressListener.NONE);
      }
    } catch (StorageException | RuntimeException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "SR {0}: interrupted vdi-copy {1} did not end: {2}",
          left.sr(),
          left.id(),
          e.getMessage());
    }
  }

  /// Breaks running copies off, where they can go on later. None of this uses the catalog
  /// afterwards.
  void stop() {
    stopping = true;
    try {
      List.copyOf(runs.values()).forEach(run -> run.breakOff(STOPS));
      for (CopyRun run : List.copyOf(runs.values())) {
        if (!run.awaitEnd(STOP_MILLIS)) {
          LOG.log(System.Logger.Level.WARNING, "a copy does not end; its next start goes on");
        }
      }
      for (Thread thread : List.copyOf(resuming)) {
        if (!thread.join(Duration.ofMillis(STOP_MILLIS))) {
          LOG.log(System.Logger.Level.WARNING, "interrupted copies do not stop going on");
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
