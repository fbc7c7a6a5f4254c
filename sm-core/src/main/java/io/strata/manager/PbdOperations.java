// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.catalog.PbdRecord;
import io.strata.catalog.SrRecord;
import io.strata.spi.DeviceConfig;
import io.strata.spi.ErrorCode;
import io.strata.spi.PbdUuid;
import io.strata.spi.Repository;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// How this host reaches SRs.
final class PbdOperations {
  private static final System.Logger LOG = System.getLogger(PbdOperations.class.getName());

  private final Core core;
  private final Intents intents;
  private final Recovery recovery;
  private final Reconciler reconciler;
  private final Attachments attachments;
  private final ChangeTracking tracking;

  PbdOperations(
      Core core,
      Intents intents,
      Recovery recovery,
      Reconciler reconciler,
      Attachments attachments,
      ChangeTracking tracking) {
    this.core = core;
    this.intents = intents;
    this.recovery = recovery;
    this.reconciler = reconciler;
    this.attachments = attachments;
    this.tracking = tracking;
  }

  PbdUuid create(PbdCreate request) throws StorageException {
    Names.check("device-config", request.deviceConfig().values());
    SrRecord sr = core.catalog().read(r -> r.sr(request.sr()));
    PbdRecord pbd =
        new PbdRecord(
            PbdUuid.random(),
            request.sr(),
            request.host().orElse(core.host()),
            request.deviceConfig(),
            false,
            Optional.empty(),
            Map.of());
    if (core.catalog().read(r -> r.hosts()).stream().noneMatch(h -> h.uuid().equals(pbd.host()))) {
      throw new StorageException(
          ErrorCode.BAD_REQUEST, "There is no host " + pbd.host() + ".", "See host-list.");
    }
    try (var _ = core.locks().sr(request.sr(), "pbd-create")) {
      assertStorageUnused(sr.type(), request.deviceConfig());
      core.catalog().write(w -> w.insertPbd(pbd));
    }
    return pbd.uuid();
  }

  /// @throws StorageException [ErrorCode#SR_IN_USE] if a PBD of this host leads to the same storage
  void assertStorageUnused(String type, DeviceConfig config) throws StorageException {
    for (PbdRecord pbd : core.catalog().read(r -> r.pbds())) {
      boolean same =
          pbd.host().equals(core.host())
              && pbd.deviceConfig().equals(config)
              && core.catalog().read(r -> r.sr(pbd.sr())).type().equals(type);
      if (same) {
        throw new StorageException(
            ErrorCode.SR_IN_USE,
            "SR " + pbd.sr() + " uses this storage (PBD " + pbd.uuid() + ").",
            "Give other storage, or use that SR.");
      }
    }
  }

  /// @return whether the storage holds only what was known, and nothing interrupted
  boolean plug(PbdUuid uuid) throws StorageException {
    SrUuid sr = core.catalog().read(r -> r.pbd(uuid)).sr();
    try (var _ = core.locks().sr(sr, "pbd-plug")) {
      PbdRecord pbd = core.catalog().read(r -> r.pbd(uuid));
      assertOurs(pbd);
      if (core.plugged().find(sr).isPresent()) {
        // A plug or unplug that failed may have left it noted otherwise.
        if (!pbd.plugged()) {
          core.catalog().write(w -> w.setPbdState(uuid, true, Optional.empty()));
        }
        return false;
      }
      boolean familiar;
      try (Intents.Intent intent =
          intents.begin(Operation.PBD_PLUG, sr, Map.of(Replay.PBD, uuid.toString()))) {
        familiar = plug(pbd, intent);
      }
      LOG.log(System.Logger.Level.INFO, "SR {0}: plugged, PBD {1}", sr, uuid);
      return familiar;
    }
  }

  private boolean plug(PbdRecord pbd, Intents.Intent intent) throws StorageException {
    boolean familiar;
    try {
      familiar = connect(pbd);
    } catch (StorageException e) {
      intent.undo(e, () -> {});
      throw e;
    }
    intent.passed("attached");
    intent.commit(w -> w.setPbdState(pbd.uuid(), true, Optional.empty()));
    return familiar;
  }

  /// Makes the SR reachable, ends what a crash interrupted, serves what is attached, and then frees
  /// the data that were to go, for which nobody waits.
  ///
  /// @return whether the storage holds only what was known, and nothing interrupted
  private boolean connect(PbdRecord pbd) throws StorageException {
    SrUuid sr = pbd.sr();
    String type = core.catalog().read(r -> r.sr(sr)).type();
    Repository repository = core.drivers().require(type).attach(sr, pbd.deviceConfig());
    core.plug(sr, pbd.uuid(), repository);
    try {
      ScanReport found = settle(sr, repository);
      attachments.restoreAll(sr, repository);
      tracking.settleAll(sr, repository);
      return found.added().isEmpty() && nothingInterrupted(sr);
    } catch (StorageException e) {
      try {
        disconnect(sr);
      } catch (StorageException second) {
        e.addSuppressed(second);
      }
      throw e;
    }
  }

  /// Copies go on by themselves.
  private boolean nothingInterrupted(SrUuid sr) throws StorageException {
    return intents.leftOver(sr).stream()
        .allMatch(left -> left.operation().equals(Operation.VDI_COPY.verb()));
  }

  /// Ends interrupted operations, takes over what the storage says, and frees the data that were to
  /// go. The caller holds the SR alone.
  ScanReport scan(SrUuid sr, Repository repository) throws StorageException {
    ScanReport report = settle(sr, repository);
    tracking.settleAll(sr, repository);
    return report;
  }

  private ScanReport settle(SrUuid sr, Repository repository) throws StorageException {
    recovery.settle(sr, repository);
    return reconciler.reconcile(sr, repository);
  }

  /// Plugs again what was plugged when the daemon ended. A failure is recorded with the PBD.
  ///
  /// @return the SRs whose storage holds only what was known, and nothing interrupted
  List<SrUuid> reconnectAll() throws StorageException {
    List<SrUuid> familiar = new ArrayList<>();
    for (PbdRecord pbd : core.catalog().read(r -> r.pbds())) {
      if (pbd.host().equals(core.host()) && pbd.plugged() && reconnect(pbd)) {
        familiar.add(pbd.sr());
      }
    }
    return familiar;
  }

  private boolean reconnect(PbdRecord pbd) throws StorageException {
    Optional<String> error = Optional.empty();
    boolean familiar = false;
    try (var _ = core.locks().sr(pbd.sr(), "recovery")) {
      familiar = connect(pbd);
    } catch (StorageException | RuntimeException e) {
      LOG.log(
          System.Logger.Level.ERROR,
          "SR " + pbd.sr() + ": PBD " + pbd.uuid() + " can't be plugged",
          e);
      error = Optional.of(String.valueOf(e.getMessage()));
    }
    Optional<String> outcome = error;
    core.catalog().write(w -> w.setPbdState(pbd.uuid(), true, outcome));
    return familiar;
  }

  void unplug(PbdUuid uuid) throws StorageException {
    SrUuid sr = core.catalog().read(r -> r.pbd(uuid)).sr();
    try (var _ = core.locks().sr(sr, "pbd-unplug")) {
      PbdRecord pbd = core.catalog().read(r -> r.pbd(uuid));
      assertOurs(pbd);
      assertIdle(sr);
      disconnect(sr);
      core.failpoints().hit("pbd-unplug.detached");
      core.catalog().write(w -> w.setPbdState(uuid, false, Optional.empty()));
      core.failpoints().hit("pbd-unplug.committed");
    }
    LOG.log(System.Logger.Level.INFO, "SR {0}: unplugged, PBD {1}", sr, uuid);
  }

  private void assertIdle(SrUuid sr) throws StorageException {
    var attached =
        core.catalog().read(r -> r.attachments(sr)).stream()
            .filter(attachment -> attachment.host().equals(core.host()))
            .toList();
    if (!attached.isEmpty()) {
      throw new StorageException(
          ErrorCode.SR_IN_USE,
          attached.size()
              + " VDIs of SR "
              + sr
              + " are attached: "
              + attached.getFirst().vdi()
              + " is one.",
          "Detach them first.");
    }
    core.claims().assertNone(sr);
  }

  void destroy(PbdUuid uuid) throws StorageException {
    SrUuid sr = core.catalog().read(r -> r.pbd(uuid)).sr();
    try (var _ = core.locks().sr(sr, "pbd-destroy")) {
      PbdRecord pbd = core.catalog().read(r -> r.pbd(uuid));
      if (pbd.plugged()) {
        throw new StorageException(
            ErrorCode.SR_IN_USE, "PBD " + uuid + " is plugged.", "Unplug it first: pbd-unplug.");
      }
      core.catalog().write(w -> w.deletePbd(uuid));
    }
  }

  /// Makes the SR unreachable, where it is reachable.
  void disconnect(SrUuid sr) throws StorageException {
    Optional<PluggedSrs.Plugged> plugged = core.plugged().find(sr);
    if (plugged.isPresent()) {
      reconciler.settleDescription(sr);
      plugged.get().repository().close();
      core.plugged().remove(sr);
    }
  }

  /// @throws StorageException [ErrorCode#BAD_REQUEST] if this host has none
  PbdRecord ofThisHost(SrUuid sr) throws StorageException {
    return core.catalog().read(r -> r.pbds(sr)).stream()
        .filter(pbd -> pbd.host().equals(core.host()))
        .findFirst()
        .orElseThrow(() ->
            new StorageException(
                ErrorCode.BAD_REQUEST,
                "This host has no PBD for SR " + sr + ".",
                "Make one first: pbd-create."));
  }

  private void assertOurs(PbdRecord pbd) throws StorageException {
    if (!pbd.host().equals(core.host())) {
      throw new StorageException(
          ErrorCode.BAD_REQUEST,
          "PBD " + pbd.uuid() + " belongs to host " + pbd.host() + ".",
          "Send the request there.");
    }
  }
}
