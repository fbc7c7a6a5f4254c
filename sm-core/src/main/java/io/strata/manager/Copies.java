// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.block.BlockDevice;
import io.strata.block.DeviceComparison;
import io.strata.catalog.Catalog;
import io.strata.catalog.IntentRecord;
import io.strata.catalog.VdiRecord;
import io.strata.spi.AccessMode;
import io.strata.spi.ErrorCode;
import io.strata.spi.Repository;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
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
/// A copy goes on only while its source holds what it held, and its target nothing of others: both
/// contents are named in the catalog, and the names go when somebody may write. Otherwise it is
/// taken back.
final class Copies {
  private static final System.Logger LOG = System.getLogger(Copies.class.getName());
  private static final String VERB = Operation.VDI_COPY.verb();

  private static final long STOP_MILLIS = 60_000;

  private final Core core;
  private final Intents intents;
  private final VolumeResults results;
  private final TransferDisks disks;
  private final Map<VdiUuid, CopyRun> runs = new ConcurrentHashMap<>();

  /// Threads that look for copies that broke off, and go on with them.
  private final Set<Thread> resuming = ConcurrentHashMap.newKeySet();

  private volatile boolean stopping;

  Copies(Core core, Intents intents, VolumeResults results, TransferDisks disks) {
    this.core = core;
    this.intents = intents;
    this.results = results;
    this.disks = disks;
  }

  /// Copies; the same request again goes on with a copy that broke off, or waits for one that runs.
  VdiUuid copy(VdiCopy request) throws StorageException {
    CopyPlanner.assertOneTarget(request);
    VdiRecord source = VdiRecords.withData(core.catalog().read(r -> r.vdi(request.source())));
    for (IntentRecord left : core.catalog().read(r -> r.intents())) {
      if (!isOurs(left)) {
        continue;
      }
      CopyIntent copy = CopyIntent.parse(left);
      if (copy.answers(request) && (runs.containsKey(copy.target()) || mayGoOn(left, copy))) {
        run(copy, Optional.of(left), request.progress());
        return copy.target();
      }
    }
    CopyIntent copy = CopyPlanner.plan(core, request, source);
    run(copy, Optional.empty(), request.progress());
    return copy.target();
  }

  private boolean isOurs(IntentRecord intent) {
    return intent.operation().equals(VERB) && intent.host().equals(core.host());
  }

  /// Whether a copy that broke off can go on. One that can't is taken back.
  private boolean mayGoOn(IntentRecord left, CopyIntent copy) throws StorageException {
    boolean sameSource =
        core.catalog()
            .read(r -> r.findVdi(copy.source()))
            .filter(vdi -> vdi.managed() && !vdi.metadataOnly())
            .flatMap(VdiRecord::knownContent)
            .equals(Optional.of(copy.content()));
    boolean sameTarget =
        copy.into().isEmpty()
            || core.catalog()
                .read(r -> r.findVdi(copy.target()))
                .flatMap(VdiRecord::contentId)
                .equals(copy.into().map(CopyIntent.Into::content));
    if (sameSource && sameTarget) {
      return true;
    }
    LOG.log(
        System.Logger.Level.WARNING,
        "VDI {0}: its copy to {1} can''t go on: the {2} was changed since",
        copy.source(),
        copy.target(),
        sameSource ? "target" : "source");
    abandon(left, copy);
    return false;
  }

  private void abandon(IntentRecord left, CopyIntent copy) throws StorageException {
    if (copy.create().isPresent()) {
      disks.remove(copy.create().get(), VERB);
    }
    try (Intents.Intent intent = intents.resume(left)) {
      intent.drop();
    }
    LOG.log(System.Logger.Level.INFO, "VDI {0}: its copy was given up", copy.source());
  }

  /// Gives up a copy that broke off: a new disk's volume goes; a disk that was written over keeps
  /// what it got.
  void cancel(UUID task) throws StorageException {
    for (IntentRecord left : core.catalog().read(r -> r.intents())) {
      if (left.id().equals(task) && isOurs(left)) {
        CopyIntent copy = CopyIntent.parse(left);
        if (runs.containsKey(copy.target())) {
          throw new StorageException(
              ErrorCode.VDI_IN_USE,
              "The copy of VDI " + copy.source() + " is running.",
              "Wait until it has ended.");
        }
        abandon(left, copy);
        return;
      }
    }
    throw new StorageException(
        ErrorCode.BAD_REQUEST, "There is no interrupted copy " + task + ".", "See task-list.");
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
      if (reachable && !runs.containsKey(copy.target()) && mayGoOn(left, copy)) {
        LOG.log(
            System.Logger.Level.INFO,
            "VDI {0}: its copy to {1} goes on at byte {2}",
            copy.source(),
            copy.target(),
            Long.toString(CopyIntent.copiedBytes(left)));
        run(copy, Optional.of(left), ProgressListener.NONE);
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

  private void run(CopyIntent copy, Optional<IntentRecord> left, ProgressListener progress)
      throws StorageException {
    CopyRun run = new CopyRun(progress);
    CopyRun other = runs.putIfAbsent(copy.target(), run);
    if (other != null) {
      other.await(progress);
      return;
    }
    try {
      claimed(copy, left, run);
      run.succeeded();
    } catch (StorageException e) {
      run.failed(e);
      throw e;
    } finally {
      runs.remove(copy.target());
      run.end();
    }
  }

  private void claimed(CopyIntent copy, Optional<IntentRecord> left, ProgressListener progress)
      throws StorageException {
    VdiRecord source = VdiRecords.withData(core.catalog().read(r -> r.vdi(copy.source())));
    try (Claims.Claim reading = disks.claimForReading(source, VERB);
        Claims.Claim writing = claimTarget(copy)) {
      if (left.isEmpty()) {
        nameContents(copy, source);
      }
      Optional<Intents.Intent> resumed = left.map(intents::resume);
      try (Intents.Intent intent =
          resumed.isPresent()
              ? resumed.get()
              : intents.begin(Operation.VDI_COPY, copy.targetSr(), copy.arguments())) {
        perform(copy, source, new Hold(reading, writing), intent, left, progress);
      }
    }
  }

  private record Hold(Claims.Claim source, Claims.Claim target) {}

  private Claims.Claim claimTarget(CopyIntent copy) throws StorageException {
    if (copy.create().isPresent()) {
      return core.claims().writing(copy.targetSr(), copy.target(), VERB);
    }
    return disks.claimForWriting(core.catalog().read(r -> r.vdi(copy.target())), VERB);
  }

  /// The disks are claimed: nobody writes to them meanwhile.
  private void nameContents(CopyIntent copy, VdiRecord source) throws StorageException {
    core.catalog()
        .write(w -> {
          VdiRecord now = w.read().vdi(source.uuid());
          if (!now.knownContent().equals(source.knownContent())) {
            throw new StorageException(
                ErrorCode.VDI_IN_USE,
                "VDI " + source.uuid() + " was in use a moment ago.",
                "Send the request again.");
          }
          if (now.knownContent().isEmpty()) {
            w.setVdiContentId(source.uuid(), Optional.of(copy.content()));
          }
          if (copy.into().isPresent()) {
            w.setVdiContentId(copy.target(), Optional.of(copy.into().get().content()));
          }
        });
  }

  private void perform(
      CopyIntent copy,
      VdiRecord source,
      Hold hold,
      Intents.Intent intent,
      Optional<IntentRecord> left,
      ProgressListener progress)
      throws StorageException {
    CopyCursor cursor =
        new CopyCursor(disks, () -> stopping, intent, left.map(CopyIntent::copiedBytes).orElse(0L));
    try {
      if (copy.create().isPresent()) {
        disks.create(hold.target(), copy.create().get());
      }
      if (cursor.durableBytes() == 0) {
        intent.reached("created");
      }
      try (BlockDevice from = disks.open(hold.source(), source, AccessMode.RO);
          BlockDevice to = disks.open(hold.target(), target(copy), AccessMode.RW)) {
        cursor.copy(copy, source, from, to, progress);
        if (copy.verify()) {
          verify(from, to, progress);
        }
      } catch (IOException e) {
        throw TransferFailures.of(VERB, e);
      }
      commit(copy, intent);
    } catch (StorageException e) {
      if (cursor.durableBytes() > 0 && !(e.getCause() instanceof DifferentException)) {
        throw resumable(intent, cursor.durableBytes(), source.virtualSizeBytes(), e);
      }
      intent.undo(e, () -> takeBack(copy));
      throw e;
    }
  }

  private VdiRecord target(CopyIntent copy) throws StorageException {
    return copy.create().isPresent()
        ? copy.create().get()
        : core.catalog().read(r -> r.vdi(copy.target()));
  }

  private void takeBack(CopyIntent copy) throws StorageException {
    if (copy.create().isPresent()) {
      disks.remove(copy.create().get(), VERB);
    }
  }

  private static StorageException resumable(
      Intents.Intent intent, long copiedBytes, long sizeBytes, StorageException e) {
    return new StorageException(
        e.code(),
        e.what() + " " + copiedBytes + " of " + sizeBytes + " bytes are copied and kept.",
        "When that is mended, send the same request again to go on from there, or run task-cancel"
            + " uuid="
            + intent.id()
            + " to give the copy up.",
        e);
  }

  private static void verify(BlockDevice source, BlockDevice copy, ProgressListener progress)
      throws IOException {
    long sizeBytes = copy.sizeBytes();
    OptionalLong difference =
        DeviceComparison.firstDifference(source, copy, end -> progress.progress(end, sizeBytes));
    if (difference.isPresent()) {
      throw new DifferentException(difference.getAsLong());
    }
  }

  /// What was copied does not read as its source: going on would be of no use.
  private static final class DifferentException extends IOException {
    private static final long serialVersionUID = 1L;

    DifferentException(long offsetBytes) {
      super("the copy differs from its source at byte " + offsetBytes);
    }
  }

  private void commit(CopyIntent copy, Intents.Intent intent) throws StorageException {
    try (var _ = core.locks().sr(copy.targetSr(), "the end of a copy")) {
      Repository repository = core.plugged().require(copy.targetSr());
      if (copy.create().isPresent()) {
        intent.commit(results.added(repository, copy.create().get(), List.of()));
        return;
      }
      Catalog.Change observed = results.observed(repository, copy.targetSr(), copy.target());
      intent.commit(w -> {
        observed.apply(w);
        w.setVdiContentId(copy.target(), Optional.of(copy.content()));
      });
    }
  }
}
