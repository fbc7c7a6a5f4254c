// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.catalog.VdiRecord;
import io.strata.spi.ErrorCode;
import io.strata.spi.Replacement;
import io.strata.spi.Repository;
import io.strata.spi.Snapshots;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Snapshots, also of running disks, and the way back.
final class SnapshotOperations {
  private static final System.Logger LOG = System.getLogger(SnapshotOperations.class.getName());

  private final Core core;
  private final Intents intents;
  private final VolumeResults results;
  private final Reconciler reconciler;
  private final Attachments attachments;
  private final ServedDisks disks;
  private final ChangeTracking tracking;

  SnapshotOperations(
      Core core,
      Intents intents,
      VolumeResults results,
      Reconciler reconciler,
      Attachments attachments,
      ServedDisks disks,
      ChangeTracking tracking) {
    this.core = core;
    this.intents = intents;
    this.results = results;
    this.reconciler = reconciler;
    this.attachments = attachments;
    this.disks = disks;
    this.tracking = tracking;
  }

  VdiUuid snapshot(VdiSnapshot request) throws StorageException {
    VdiUuid source = request.source();
    SrUuid sr = core.catalog().read(r -> r.vdi(source)).sr();
    VdiUuid snapshot = request.uuid().orElseGet(VdiUuid::random);
    try (var _ = core.locks().sr(sr, "vdi-snapshot")) {
      Repository repository = core.plugged().require(sr);
      Snapshots facet = VolumeResults.snapshots(repository);
      VdiRecord from = VdiRecords.managed(core.catalog().read(r -> r.vdi(source)));
      assertSource(from);
      VdiOperations.assertUnknown(core, repository, request.uuid());
      if (request.uuid().isPresent()) {
        tracking.dropLogsTo(repository, source, snapshot);
      }
      VdiRecord vdi =
          VdiRecords.snapshot(
              from, snapshot, request, core.clock().instant().truncatedTo(ChronoUnit.MILLIS));
      var spec = new Snapshots.SnapshotSpec(source, snapshot, VdiUuid.random());
      try (Intents.Intent intent =
          intents.begin(
              Operation.VDI_SNAPSHOT,
              sr,
              Map.of(
                  Replay.NEW_VDI,
                  VdiJson.text(vdi),
                  Replay.SOURCE,
                  source.toString(),
                  Replay.BASE,
                  spec.base().toString()))) {
        take(repository, facet, spec, intent);
        intent.commit(results.added(repository, vdi, List.of(source, spec.base())));
      }
      tracking.settleLater(repository, source);
    }
    LOG.log(System.Logger.Level.INFO, "VDI {0}: snapshot {1}", source, snapshot);
    return snapshot;
  }

  private void assertSource(VdiRecord source) throws StorageException {
    if (source.isASnapshot()) {
      throw new StorageException(
          ErrorCode.VDI_SNAPSHOT,
          "VDI " + source.uuid() + " is itself a snapshot, and never changes.",
          "Clone it.");
    }
    core.claims().assertFree(source.uuid());
    intents.assertWhole(source.sr(), source.uuid());
    boolean elsewhere =
        core.catalog().read(r -> r.attachments(source.uuid())).stream()
            .anyMatch(attachment -> !attachment.host().equals(core.host()));
    if (elsewhere) {
      throw new StorageException(
          ErrorCode.VDI_IN_USE,
          "VDI " + source.uuid() + " is attached by another host.",
          "Send the request there.");
    }
  }

  /// The guest waits only while the prepared snapshot is committed. One that could not be made
  /// durable after that is left to recovery, as after a crash.
  private void take(
      Repository repository, Snapshots facet, Snapshots.SnapshotSpec spec, Intents.Intent intent)
      throws StorageException {
    Snapshots.Prepared prepared;
    try {
      prepared = facet.prepare(spec);
      intent.passed("prepared");
      try {
        disks.whileAtRest(
            spec.source(),
            () -> {
              Replacement replacement = prepared.commit();
              intent.passed("taken");
              return replacement;
            });
      } catch (StorageException e) {
        prepared.abandon();
        throw e;
      }
    } catch (StorageException e) {
      intent.undo(e, () -> Recovery.undoBranch(repository, spec));
      throw e;
    }
    intent.passed("resumed");
    prepared.release();
  }

  /// Puts a VDI that is not in use back to the content of one of its snapshots. What it held since
  /// is lost.
  void revert(VdiUuid snapshot) throws StorageException {
    VdiRecord of = core.catalog().read(r -> r.vdi(snapshot));
    VdiUuid vdi =
        of.snapshotOf()
            .orElseThrow(() ->
                new StorageException(
                    ErrorCode.VDI_SNAPSHOT,
                    "VDI " + snapshot + " is no snapshot.",
                    "Give the snapshot to go back to."));
    SrUuid sr = of.sr();
    try (var _ = core.locks().sr(sr, "vdi-revert")) {
      Repository repository = core.plugged().require(sr);
      Snapshots facet = VolumeResults.snapshots(repository);
      core.catalog()
          .read(r -> {
            VdiRecords.withData(r.vdi(snapshot));
            VdiRecords.managed(r.vdi(vdi));
            attachments.assertFree(r, vdi);
            attachments.assertNotWritten(r, snapshot);
            return true;
          });
      // From here on its content may be another one.
      core.catalog().write(w -> w.setVdiContentId(vdi, Optional.empty()));
      VdiUuid displaced = VdiUuid.random();
      try (Intents.Intent intent =
          intents.begin(
              Operation.VDI_REVERT,
              sr,
              Map.of(
                  Replay.SOURCE,
                  vdi.toString(),
                  Replay.BASE,
                  snapshot.toString(),
                  Replay.DISPLACED,
                  displaced.toString()))) {
        try {
          facet.revert(vdi, snapshot, displaced);
          intent.reached("reverted");
        } catch (StorageException e) {
          intent.undo(e, () -> {});
          throw e;
        }
        intent.commit(results.observed(repository, sr, vdi));
        reconciler.reconcile(sr, repository);
      }
    }
    LOG.log(System.Logger.Level.INFO, "VDI {0}: reverted to snapshot {1}", vdi, snapshot);
  }
}
