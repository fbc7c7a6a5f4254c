// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.catalog.IntentRecord;
import io.strata.catalog.VdiRecord;
import io.strata.spi.AccessMode;
import io.strata.spi.Clones;
import io.strata.spi.ErrorCode;
import io.strata.spi.Messages;
import io.strata.spi.Repository;
import io.strata.spi.Snapshots.SnapshotSpec;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.Volume;
import io.strata.spi.VolumeSpec;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The life of VDIs, but for snapshots and transfers.
final class VdiOperations {
  private static final System.Logger LOG = System.getLogger(VdiOperations.class.getName());

  private final Core core;
  private final Intents intents;
  private final SrMetadata metadata;
  private final VolumeResults results;
  private final Attachments attachments;
  private final ServedDisks disks;
  private final ChangeTracking tracking;

  VdiOperations(
      Core core,
      Intents intents,
      SrMetadata metadata,
      VolumeResults results,
      Attachments attachments,
      ServedDisks disks,
      ChangeTracking tracking) {
    this.core = core;
    this.intents = intents;
    this.metadata = metadata;
    this.results = results;
    this.attachments = attachments;
    this.disks = disks;
    this.tracking = tracking;
  }

  VdiUuid create(VdiCreate request) throws StorageException {
    VdiRecord vdi = VdiRecords.created(request, request.sizeBytes());
    SrUuid sr = request.sr();
    core.catalog().read(r -> r.sr(sr));
    try (var _ = core.locks().sr(sr, "vdi-create")) {
      Repository repository = core.plugged().require(sr);
      assertUnknown(core, repository, request.uuid());
      try (Intents.Intent intent =
          intents.begin(Operation.VDI_CREATE, sr, Map.of(Replay.NEW_VDI, VdiJson.text(vdi)))) {
        try {
          repository.create(vdi.uuid(), new VolumeSpec(vdi.virtualSizeBytes(), vdi.kind()));
          intent.reached("created");
          intent.commit(results.added(repository, vdi, List.of()));
        } catch (StorageException e) {
          intent.undo(e, () -> repository.delete(vdi.uuid()));
          throw e;
        }
      }
    }
    LOG.log(
        System.Logger.Level.INFO,
        "VDI {0}: created in SR {1}, {2} bytes",
        vdi.uuid(),
        sr,
        Long.toString(vdi.virtualSizeBytes()));
    return vdi.uuid();
  }

  /// A UUID that the caller chose must be new: undoing must never delete what was there before.
  static void assertUnknown(Core core, Repository repository, Optional<VdiUuid> chosen)
      throws StorageException {
    if (chosen.isEmpty()) {
      return;
    }
    VdiUuid uuid = chosen.get();
    boolean known = core.catalog().read(r -> r.findVdi(uuid)).isPresent();
    if (known || repository.volume(uuid).isPresent()) {
      throw new StorageException(
          ErrorCode.VDI_EXISTS,
          "There is a VDI or a volume " + uuid + ".",
          "Give another UUID, or none.");
    }
  }

  VdiUuid clone(VdiClone request) throws StorageException {
    VdiUuid source = request.source();
    SrUuid sr = core.catalog().read(r -> r.vdi(source)).sr();
    VdiUuid copy = request.uuid().orElseGet(VdiUuid::random);
    try (var _ = core.locks().sr(sr, "vdi-clone")) {
      Repository repository = core.plugged().require(sr);
      Clones clones = VolumeResults.clones(repository);
      VdiRecord from = VdiRecords.withData(core.catalog().read(r -> r.vdi(source)));
      core.catalog()
          .read(r -> {
            attachments.assertNotWritten(r, source);
            return true;
          });
      // Its content has a name that says nothing yet, and a clone would have it too.
      intents.assertWhole(sr, source);
      assertUnknown(core, repository, request.uuid());
      VdiRecord vdi = VdiRecords.cloned(from, copy, request);
      VdiUuid base = VdiUuid.random();
      try (Intents.Intent intent =
          intents.begin(
              Operation.VDI_CLONE,
              sr,
              Map.of(
                  Replay.NEW_VDI,
                  VdiJson.text(vdi),
                  Replay.SOURCE,
                  source.toString(),
                  Replay.BASE,
                  base.toString()))) {
        try {
          clones.clone(new Clones.CloneSpec(source, copy, base));
          intent.reached("cloned");
          intent.commit(results.added(repository, vdi, List.of(source, base)));
        } catch (StorageException e) {
          intent.undo(
              e, () -> Recovery.undoBranch(repository, new SnapshotSpec(source, copy, base)));
          throw e;
        }
      }
    }
    LOG.log(System.Logger.Level.INFO, "VDI {0}: cloned as {1}", source, copy);
    return copy;
  }

  /// Grows the VDI, also while it is attached for writing.
  void resize(VdiUuid uuid, long sizeBytes) throws StorageException {
    SrUuid sr = core.catalog().read(r -> r.vdi(uuid)).sr();
    try (var _ = core.locks().sr(sr, "vdi-resize")) {
      Repository repository = core.plugged().require(sr);
      VdiRecord vdi = VdiRecords.managed(core.catalog().read(r -> r.vdi(uuid)));
      long wanted = Sizes.roundUp(sizeBytes, vdi.kind());
      assertGrows(vdi, wanted, sizeBytes);
      if (wanted == vdi.virtualSizeBytes()) {
        return;
      }
      assertResizable(vdi);
      try (Intents.Intent intent =
          intents.begin(
              Operation.VDI_RESIZE,
              sr,
              Map.of(Replay.SOURCE, uuid.toString(), Replay.SIZE_BYTES, Long.toString(wanted)))) {
        try {
          disks.whilePaused(uuid, () -> repository.resize(uuid, wanted));
          intent.reached("resized");
        } catch (StorageException e) {
          intent.undo(e, () -> {});
          throw e;
        }
        intent.commit(results.observed(repository, sr, uuid));
      }
      LOG.log(
          System.Logger.Level.INFO,
          "VDI {0}: resized from {1} to {2} bytes",
          uuid,
          Long.toString(vdi.virtualSizeBytes()),
          Long.toString(wanted));
    }
  }

  private static void assertGrows(VdiRecord vdi, long wanted, long asked) throws StorageException {
    if (wanted < vdi.virtualSizeBytes()) {
      throw new StorageException(
          ErrorCode.VDI_SIZE,
          "VDI "
              + vdi.uuid()
              + " has "
              + vdi.virtualSizeBytes()
              + " bytes and can't shrink to "
              + asked
              + ".",
          "Give a larger size, or copy what is needed to a smaller disk.");
    }
  }

  private void assertResizable(VdiRecord vdi) throws StorageException {
    if (vdi.isASnapshot() || vdi.readOnly()) {
      throw new StorageException(
          ErrorCode.VDI_RESIZE,
          "VDI " + vdi.uuid() + " is " + (vdi.isASnapshot() ? "a snapshot." : "read-only."),
          "Clone it and resize the clone.");
    }
    core.claims().assertFree(vdi.uuid());
    boolean readers =
        core.catalog().read(r -> r.attachments(vdi.uuid())).stream()
            .anyMatch(a -> a.mode() == AccessMode.RO || !a.host().equals(core.host()));
    if (readers) {
      throw new StorageException(
          ErrorCode.VDI_IN_USE,
          "VDI " + vdi.uuid() + " is attached read-only or by another host.",
          "Detach it first.");
    }
  }

  void destroy(VdiUuid uuid) throws StorageException {
    SrUuid sr = core.catalog().read(r -> r.vdi(uuid)).sr();
    try (var _ = core.locks().sr(sr, "vdi-destroy")) {
      Repository repository = core.plugged().require(sr);
      VdiRecord vdi = VdiRecords.managed(core.catalog().read(r -> r.vdi(uuid)));
      assertFree(uuid);
      assertNobodysParent(repository, vdi.uuid());
      tracking.bridge(repository, vdi);
      try (Intents.Intent intent =
          intents.begin(Operation.VDI_DESTROY, sr, Map.of(Replay.SOURCE, uuid.toString()))) {
        delete(repository, vdi, intent);
      }
      tracking.forget(repository, vdi);
    }
    LOG.log(System.Logger.Level.INFO, "VDI {0}: destroyed", uuid);
  }

  /// Ends a move, whose copy has claimed the disk. Where its deletion can't even begin, it stays a
  /// disk that may be used, and recovery must not delete it later.
  void destroyMoved(VdiRecord vdi, Intents.Intent intent) throws StorageException {
    boolean begun = false;
    try (var _ = core.locks().sr(vdi.sr(), "vdi-destroy")) {
      Repository repository = core.plugged().require(vdi.sr());
      assertNobodysParent(repository, vdi.uuid());
      tracking.bridge(repository, vdi);
      begun = true;
      delete(repository, vdi, intent);
      tracking.forget(repository, vdi);
    } catch (StorageException e) {
      if (!begun) {
        intent.undo(e, () -> {});
      }
      throw e;
    }
    LOG.log(System.Logger.Level.INFO, "VDI {0}: moved", vdi.uuid());
  }

  private void delete(Repository repository, VdiRecord vdi, Intents.Intent intent)
      throws StorageException {
    try {
      repository.delete(vdi.uuid());
      intent.reached("deleted");
    } catch (StorageException e) {
      // A deletion that was begun is ended by recovery.
      if (isThere(repository, vdi.uuid())) {
        intent.undo(e, () -> {});
      }
      throw e;
    }
    intent.commit(results.removed(repository, vdi.sr(), vdi.uuid()));
  }

  /// A VHD that can't be read does not say who its parent is: the catalog does. And it may be the
  /// parent that another one lacks.
  private void assertNobodysParent(Repository repository, VdiUuid uuid) throws StorageException {
    for (VdiUuid child : core.catalog().read(r -> r.children(uuid))) {
      if (repository.volume(child).filter(VdiOperations::unreadable).isPresent()) {
        throw new StorageException(
            ErrorCode.VDI_IN_USE,
            "VDI " + child + " can't be read, and depends on VDI " + uuid + ".",
            "Restore or repair the file of VDI " + child + ", or destroy that VDI first.");
      }
    }
    if (repository.volume(uuid).filter(VdiOperations::unreadable).isEmpty()) {
      return;
    }
    for (Volume other : repository.scan()) {
      if (other.problem().isPresent() && !unreadable(other)) {
        throw new StorageException(
            ErrorCode.VDI_IN_USE,
            "VDI "
                + uuid
                + " can't be read, and may be what VDI "
                + other.uuid()
                + " lacks: "
                + other.problem().get()
                + ".",
            "Restore or repair its file, or destroy VDI " + other.uuid() + " first.");
      }
    }
  }

  private static boolean unreadable(Volume volume) {
    return volume.problem().isPresent() && volume.virtualSizeBytes() == 0;
  }

  private static boolean isThere(Repository repository, VdiUuid uuid) {
    try {
      return repository.volume(uuid).filter(volume -> !volume.hidden()).isPresent();
    } catch (StorageException unknown) {
      return false;
    }
  }

  private void assertFree(VdiUuid uuid) throws StorageException {
    core.catalog()
        .read(r -> {
          attachments.assertFree(r, uuid);
          return true;
        });
  }

  /// Takes the VDI out of the catalog; its volume stays, and the next scan finds it again.
  void forget(VdiUuid uuid) throws StorageException {
    SrUuid sr = core.catalog().read(r -> r.vdi(uuid)).sr();
    try (var _ = core.locks().sr(sr, "vdi-forget")) {
      VdiRecords.managed(core.catalog().read(r -> r.vdi(uuid)));
      assertFree(uuid);
      core.catalog()
          .write(w -> {
            w.deleteVdi(uuid);
            w.bumpMetadataGeneration(sr);
          });
      metadata.describe(sr);
    }
  }

  VdiUuid introduce(VdiIntroduce request) throws StorageException {
    SrUuid sr = request.sr();
    VdiUuid uuid = request.uuid();
    core.catalog().read(r -> r.sr(sr));
    try (var _ = core.locks().sr(sr, "vdi-introduce")) {
      Repository repository = core.plugged().require(sr);
      Volume volume = locate(repository, request);
      VdiRecord vdi = VdiRecords.introduced(request, volume);
      core.catalog()
          .write(w -> {
            Optional<VdiRecord> known = w.read().findVdi(uuid);
            if (known.filter(VdiRecords::isDescribed).isPresent()) {
              throw new StorageException(
                  ErrorCode.VDI_EXISTS,
                  "VDI " + uuid + " is in the catalog, and has been given names or is a snapshot.",
                  "Change its fields with vdi-param-set, or vdi-forget it first.");
            }
            if (known.isPresent() && known.get().sr().equals(sr)) {
              w.describeVdi(vdi);
            } else {
              w.insertVdi(vdi);
            }
            w.bumpMetadataGeneration(sr);
          });
      metadata.describe(sr);
    }
    return uuid;
  }

  private Volume locate(Repository repository, VdiIntroduce request) throws StorageException {
    if (!request.location().equalsIgnoreCase(request.uuid().toString())) {
      throw new StorageException(
          ErrorCode.BAD_REQUEST,
          "Location '"
              + Messages.printable(request.location())
              + "' is not that of VDI "
              + request.uuid()
              + ".",
          "Here a VDI's location is its UUID.");
    }
    core.claims().assertFree(request.uuid());
    assertNotBeingMade(request);
    return repository
        .volume(request.uuid())
        .filter(volume -> !volume.hidden())
        .orElseThrow(() ->
            new StorageException(
                ErrorCode.VDI_MISSING,
                "SR " + request.sr() + " holds no disk " + request.uuid() + ".",
                "Run sr-scan to see what is there."));
  }

  /// What an operation was interrupted at goes on, or goes.
  private void assertNotBeingMade(VdiIntroduce request) throws StorageException {
    for (IntentRecord intent : core.catalog().read(r -> r.intents(request.sr()))) {
      if (Replay.making(intent).contains(request.uuid())
          && core.catalog().read(r -> r.findVdi(request.uuid())).isEmpty()) {
        throw new StorageException(
            ErrorCode.VDI_IN_USE,
            "VDI " + request.uuid() + " is being made by a " + intent.operation() + ".",
            "Wait for its end, or give it up: task-list shows copies, sr-scan ends the others.");
      }
    }
  }

  /// Takes over size, use and parentage from the storage.
  void update(VdiUuid uuid) throws StorageException {
    SrUuid sr = core.catalog().read(r -> r.vdi(uuid)).sr();
    try (var _ = core.locks().sr(sr, "vdi-update")) {
      Repository repository = core.plugged().require(sr);
      core.catalog().write(results.observed(repository, sr, uuid));
    }
  }
}
