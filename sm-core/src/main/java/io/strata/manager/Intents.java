// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.catalog.Catalog;
import io.strata.catalog.CatalogWriter;
import io.strata.catalog.IntentRecord;
import io.strata.spi.ErrorCode;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/// Operations of several steps, from the record that is made first to the commit that removes it in
/// one transaction with the result.
final class Intents {
  private final Core core;
  private final SrMetadata metadata;

  /// Intents of operations that run now, so that nobody takes them for left over.
  private final Set<UUID> running = ConcurrentHashMap.newKeySet();

  Intents(Core core, SrMetadata metadata) {
    this.core = core;
    this.metadata = metadata;
  }

  /// Records an intent.
  ///
  /// @param arguments everything a replay needs, every new UUID among it
  Intent begin(Operation operation, SrUuid sr, Map<String, String> arguments)
      throws StorageException {
    UUID id = UUID.randomUUID();
    // First, since a scan beside it would take it for left over.
    running.add(id);
    try {
      Intent intent = new Intent(id, operation.verb(), sr);
      core.catalog().write(w -> intent.record(w, arguments));
      intent.passed("recorded");
      return intent;
    } catch (StorageException | RuntimeException e) {
      running.remove(id);
      throw e;
    }
  }

  /// An operation whose intent is recorded along with the end of another, by [Intent#record].
  Intent following(Operation operation, SrUuid sr) {
    UUID id = UUID.randomUUID();
    running.add(id);
    return new Intent(id, operation.verb(), sr);
  }

  /// An intent that a crash or a failed undo left over.
  Intent resume(IntentRecord left) {
    running.add(left.id());
    return new Intent(left.id(), left.operation(), left.sr());
  }

  /// The intents of an SR that a crash or a failed undo left over.
  List<IntentRecord> leftOver(SrUuid sr) throws StorageException {
    return leftOver(() -> core.catalog().read(r -> r.intents(sr)));
  }

  /// One that ends leaves the catalog before it stops running. So one that does not run is left
  /// over only if the catalog has it still.
  List<IntentRecord> leftOver(Recorded recorded) throws StorageException {
    List<IntentRecord> idle = notRunning(recorded.intents());
    if (idle.isEmpty()) {
      return idle;
    }
    Set<UUID> ids = idle.stream().map(IntentRecord::id).collect(Collectors.toUnmodifiableSet());
    return notRunning(recorded.intents()).stream().filter(i -> ids.contains(i.id())).toList();
  }

  /// Reads what the catalog has now.
  @FunctionalInterface
  interface Recorded {
    List<IntentRecord> intents() throws StorageException;
  }

  private List<IntentRecord> notRunning(List<IntentRecord> recorded) {
    return recorded.stream().filter(intent -> !running.contains(intent.id())).toList();
  }

  /// Keeps writers off a disk whose interrupted operation recovery is going to replay: that would
  /// take back what they write.
  ///
  /// @throws StorageException [ErrorCode#VDI_UNAVAILABLE] while there is one
  void assertNoneToReplay(SrUuid sr, VdiUuid disk) throws StorageException {
    for (IntentRecord left : leftOver(sr)) {
      if (Replay.changes(left, disk)) {
        throw notEnded(left, disk);
      }
    }
  }

  /// Keeps readers off a disk that a copy or an import writes over and has not ended: it holds a
  /// part of one disk and a part of another.
  ///
  /// @throws StorageException [ErrorCode#VDI_UNAVAILABLE] while there is one
  void assertWhole(SrUuid sr, VdiUuid disk) throws StorageException {
    VdiRecords.whole(core.catalog().read(r -> r.vdi(disk)));
    for (IntentRecord intent : core.catalog().read(r -> r.intents(sr))) {
      if (Replay.copiesInto(intent, disk)) {
        throw new StorageException(
            ErrorCode.VDI_UNAVAILABLE,
            "Task "
                + intent.id()
                + ", a "
                + intent.operation()
                + " into VDI "
                + disk
                + ", has not ended.",
            "Wait for it, send its request again if it was interrupted, or run task-cancel uuid="
                + intent.id()
                + " to give it up.");
      }
    }
  }

  /// Whether one of another host runs on is known there only, and it is ended there.
  private StorageException notEnded(IntentRecord left, VdiUuid disk) {
    String what = "A " + left.operation() + " of VDI " + disk;
    return left.host().equals(core.host())
        ? new StorageException(
            ErrorCode.VDI_UNAVAILABLE,
            what + " was interrupted and has not been ended.",
            "Run sr-scan, which ends it.")
        : new StorageException(
            ErrorCode.VDI_UNAVAILABLE,
            what + " was begun by host " + left.host() + " and has not ended.",
            "Wait for its end; where it was interrupted, run sr-scan on that host, which ends it.");
  }

  /// An operation that has begun. Closing it without [#commit] or [#drop] leaves it to recovery.
  final class Intent implements AutoCloseable {
    private final UUID id;
    private final String verb;
    private final SrUuid sr;

    private Intent(UUID id, String verb, SrUuid sr) {
      this.id = id;
      this.verb = verb;
      this.sr = sr;
    }

    /// Its identity.
    UUID id() {
      return id;
    }

    /// Records the intent, in a transaction that ends another operation.
    ///
    /// @param arguments as for [Intents#begin]
    void record(CatalogWriter writer, Map<String, String> arguments) throws StorageException {
      writer.insertIntent(id, verb, sr, arguments, core.clock().millis());
    }

    /// Records that a step is done.
    ///
    /// @param step its name, which may end with how far it is: `block-16`
    void reached(String step) throws StorageException {
      core.catalog().write(w -> w.setIntentStep(id, step));
      int number = step.indexOf('-');
      core.failpoints().hit(verb + "." + (number < 0 ? step : step.substring(0, number)));
    }

    /// Records how far a step of many pieces is.
    ///
    /// @param doneBytes what is durable of it
    void reachedAt(String step, long doneBytes) throws StorageException {
      core.catalog().write(w -> w.setIntentStep(id, step + ":" + doneBytes));
      core.failpoints().hit(verb + "." + step);
    }

    /// Says that a step is done, where recording it would take too long.
    void passed(String step) {
      core.failpoints().hit(verb + "." + step);
    }

    /// Ends the operation: its result enters the catalog and the intent leaves it at once. Then the
    /// SR's own description follows.
    void commit(Catalog.Change result) throws StorageException {
      core.catalog()
          .write(w -> {
            result.apply(w);
            w.deleteIntent(id);
            w.bumpMetadataGeneration(sr);
          });
      core.failpoints().hit(verb + ".committed");
      metadata.describe(sr);
      core.failpoints().hit(verb + ".described");
    }

    /// Ends the operation without a result.
    void drop() throws StorageException {
      core.catalog().write(w -> w.deleteIntent(id));
    }

    /// Ends an interrupted operation. One that fails is given up: done later, it could take back
    /// what a user did since. The user may send the request again.
    void replay(Ending ending) throws StorageException {
      try {
        ending.run();
      } catch (StorageException e) {
        undo(e, () -> {});
        throw e;
      }
    }

    /// Undoes and drops; a failure to do so stays with the intent for recovery.
    void undo(StorageException failure, Ending undo) {
      try {
        undo.run();
        drop();
      } catch (StorageException e) {
        failure.addSuppressed(e);
      }
    }

    @Override
    public void close() {
      running.remove(id);
    }
  }

  /// Takes back what an operation did so far, or brings it to its end. Idempotent.
  @FunctionalInterface
  interface Ending {
    void run() throws StorageException;
  }
}
