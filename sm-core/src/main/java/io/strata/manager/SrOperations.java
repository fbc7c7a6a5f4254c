// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.catalog.IntentRecord;
import io.strata.catalog.PbdRecord;
import io.strata.catalog.SrRecord;
import io.strata.catalog.VdiRecord;
import io.strata.spi.DeviceConfig;
import io.strata.spi.ErrorCode;
import io.strata.spi.PbdUuid;
import io.strata.spi.Repository;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageDriver;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.Volume;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// The life of SRs.
final class SrOperations {
  private static final System.Logger LOG = System.getLogger(SrOperations.class.getName());

  private final Core core;
  private final Intents intents;
  private final SrMetadata metadata;
  private final PbdOperations pbds;

  SrOperations(Core core, Intents intents, SrMetadata metadata, PbdOperations pbds) {
    this.core = core;
    this.intents = intents;
    this.metadata = metadata;
    this.pbds = pbds;
  }

  /// Makes the SR, its PBD on this host, and plugs it. A failure leaves nothing.
  SrUuid create(SrCreate request) throws StorageException {
    check(request);
    StorageDriver driver = core.drivers().require(request.type());
    SrUuid sr = request.uuid().orElseGet(SrUuid::random);
    try (var _ = core.locks().sr(sr, "sr-create")) {
      assertUnknown(sr);
      pbds.assertStorageUnused(request.type(), request.deviceConfig());
      try (Intents.Intent intent =
          intents.begin(
              Operation.SR_CREATE, sr, Replay.storage(request.type(), request.deviceConfig()))) {
        create(driver, sr, request, intent);
      }
    }
    LOG.log(System.Logger.Level.INFO, "SR {0}: created, type {1}", sr, request.type());
    return sr;
  }

  private void create(StorageDriver driver, SrUuid sr, SrCreate request, Intents.Intent intent)
      throws StorageException {
    DeviceConfig config = request.deviceConfig();
    try {
      driver.create(sr, config);
    } catch (StorageException e) {
      // The driver changed nothing: there is nothing to destroy, least of all another's SR.
      intent.undo(e, () -> {});
      throw e;
    }
    try {
      intent.reached("created");
      PbdUuid pbd = PbdUuid.random();
      core.plug(sr, pbd, driver.attach(sr, config));
      intent.reached("attached");
      intent.commit(w -> {
        w.insertSr(record(sr, request));
        w.insertPbd(new PbdRecord(pbd, sr, core.host(), config, true, Optional.empty(), Map.of()));
      });
    } catch (StorageException e) {
      intent.undo(
          e,
          () -> {
            pbds.disconnect(sr);
            driver.destroy(sr, config);
          });
      throw e;
    }
  }

  private static void check(SrCreate request) throws StorageException {
    Names.check("name-label", request.nameLabel());
    Names.check("name-description", request.nameDescription());
    Names.check("content-type", request.contentType());
    Names.check("sm-config", request.smConfig());
    Names.check("device-config", request.deviceConfig().values());
  }

  private void assertUnknown(SrUuid sr) throws StorageException {
    if (core.catalog().read(r -> r.findSr(sr)).isPresent()) {
      throw new StorageException(
          ErrorCode.SR_EXISTS, "There is an SR " + sr + ".", "See sr-list uuid=" + sr + ".");
    }
  }

  private static SrRecord record(SrUuid sr, SrCreate request) {
    return new SrRecord(
        sr,
        request.type(),
        request.nameLabel(),
        request.nameDescription(),
        request.shared(),
        request.contentType(),
        -1,
        -1,
        0,
        Optional.empty(),
        List.of(),
        request.smConfig(),
        Map.of());
  }

  SrUuid introduce(SrIntroduce request) throws StorageException {
    Names.check("name-label", request.nameLabel());
    Names.check("name-description", request.nameDescription());
    Names.check("content-type", request.contentType());
    core.drivers().require(request.type());
    SrUuid sr = request.uuid();
    try (var _ = core.locks().sr(sr, "sr-introduce")) {
      core.catalog()
          .write(w ->
              w.insertSr(
                  new SrRecord(
                      sr,
                      request.type(),
                      request.nameLabel(),
                      request.nameDescription(),
                      request.shared(),
                      request.contentType(),
                      -1,
                      -1,
                      0,
                      Optional.empty(),
                      List.of(),
                      Map.of(),
                      Map.of())));
    }
    return sr;
  }

  ScanReport scan(SrUuid sr) throws StorageException {
    core.catalog().read(r -> r.sr(sr));
    try (var _ = core.locks().sr(sr, "sr-scan")) {
      return pbds.scan(sr, core.plugged().require(sr));
    }
  }

  /// Writes the SR's own description again and looks at its space.
  void update(SrUuid sr) throws StorageException {
    core.catalog().read(r -> r.sr(sr));
    try (var _ = core.locks().srShared(sr, "sr-update")) {
      core.plugged().require(sr);
      metadata.describe(sr);
      Optional<String> problem = core.catalog().read(r -> r.sr(sr)).problem();
      if (problem.isPresent()) {
        throw new StorageException(
            ErrorCode.METADATA_ERROR, problem.get(), "Look at the storage of SR " + sr + ".");
      }
    }
  }

  /// Takes the SR out of the catalog; its storage stays as it is.
  void forget(SrUuid sr) throws StorageException {
    core.catalog().read(r -> r.sr(sr));
    try (var _ = core.locks().sr(sr, "sr-forget")) {
      for (PbdRecord pbd : core.catalog().read(r -> r.pbds(sr))) {
        assertUnplugged(pbd);
      }
      core.catalog().write(w -> w.deleteSr(sr));
    }
    LOG.log(System.Logger.Level.INFO, "SR {0}: forgotten", sr);
  }

  private static void assertUnplugged(PbdRecord pbd) throws StorageException {
    if (pbd.plugged()) {
      throw new StorageException(
          ErrorCode.SR_IN_USE,
          "PBD " + pbd.uuid() + " of SR " + pbd.sr() + " is plugged on host " + pbd.host() + ".",
          "Unplug it first: pbd-unplug.");
    }
  }

  /// Removes the SR from its storage and from the catalog. Its PBD on this host may be plugged or
  /// not: plugged, it is unplugged on the way; not plugged, the storage is reached for the moment
  /// to see that it holds no VDI.
  ///
  /// @throws StorageException [ErrorCode#SR_NOT_EMPTY] while there are VDIs, in the catalog or on
  ///   the storage
  void destroy(SrUuid sr) throws StorageException {
    SrRecord record = core.catalog().read(r -> r.sr(sr));
    StorageDriver driver = core.drivers().require(record.type());
    try (var _ = core.locks().sr(sr, "sr-destroy")) {
      PbdRecord pbd = pbds.ofThisHost(sr);
      for (PbdRecord other : core.catalog().read(r -> r.pbds(sr))) {
        if (!other.host().equals(core.host())) {
          assertUnplugged(other);
        }
      }
      assertNoneKnown(sr);
      Optional<IntentRecord> begun = begunBefore(sr);
      empty(driver, sr, pbd, begun.isPresent());
      try (Intents.Intent intent =
          begun.isPresent()
              ? intents.resume(begun.get())
              : intents.begin(
                  Operation.SR_DESTROY, sr, Replay.storage(record.type(), pbd.deviceConfig()))) {
        destroy(driver, sr, pbd, intent);
      }
    }
    LOG.log(System.Logger.Level.INFO, "SR {0}: destroyed", sr);
  }

  /// A destruction that failed once it had begun. A plug ends it.
  private Optional<IntentRecord> begunBefore(SrUuid sr) throws StorageException {
    return core.catalog().read(r -> r.intents(sr)).stream()
        .filter(intent -> intent.host().equals(core.host()))
        .filter(intent -> intent.operation().equals(Operation.SR_DESTROY.verb()))
        .findFirst();
  }

  /// What fails stays recorded: asked for again, or by the next start, it goes on.
  private void destroy(StorageDriver driver, SrUuid sr, PbdRecord pbd, Intents.Intent intent)
      throws StorageException {
    try {
      pbds.disconnect(sr);
      intent.reached("detached");
      driver.destroy(sr, pbd.deviceConfig());
      intent.reached("destroyed");
    } catch (StorageException e) {
      boolean still = core.plugged().find(sr).isPresent();
      try {
        core.catalog().write(w -> w.setPbdState(pbd.uuid(), still, Optional.empty()));
      } catch (StorageException second) {
        e.addSuppressed(second);
      }
      throw e;
    }
    intent.commit(w -> w.deleteSr(sr));
  }

  private void assertNoneKnown(SrUuid sr) throws StorageException {
    List<VdiRecord> vdis =
        core.catalog().read(r -> r.vdis(sr)).stream().filter(VdiRecord::managed).toList();
    if (!vdis.isEmpty()) {
      throw notEmpty(sr, vdis.size() + " VDIs, " + vdis.getFirst().uuid() + " among them");
    }
  }

  /// @param begun whether its destruction has begun, so that nothing may be left to attach
  private void empty(StorageDriver driver, SrUuid sr, PbdRecord pbd, boolean begun)
      throws StorageException {
    Optional<PluggedSrs.Plugged> plugged = core.plugged().find(sr);
    if (plugged.isPresent()) {
      empty(sr, plugged.get().repository());
      return;
    }
    Repository repository;
    try {
      repository = driver.attach(sr, pbd.deviceConfig());
    } catch (StorageException e) {
      if (begun) {
        return;
      }
      throw e;
    }
    try (repository) {
      empty(sr, repository);
    }
  }

  /// Removes the nodes that disks left which were destroyed, where nothing else is there.
  private void empty(SrUuid sr, Repository repository) throws StorageException {
    Set<VdiUuid> nodes =
        core.catalog().read(r -> r.vdis(sr)).stream()
            .filter(vdi -> !vdi.managed())
            .map(VdiRecord::uuid)
            .collect(Collectors.toUnmodifiableSet());
    List<Volume> volumes = repository.scan();
    List<Volume> unknown =
        volumes.stream().filter(v -> !v.hidden() || !nodes.contains(v.uuid())).toList();
    if (!unknown.isEmpty()) {
      throw notEmpty(
          sr,
          unknown.size()
              + " volumes that the catalog doesn't know, "
              + unknown.getFirst().uuid()
              + " among them");
    }
    for (Volume node : volumes.reversed()) {
      repository.delete(node.uuid());
    }
  }

  private static StorageException notEmpty(SrUuid sr, String what) {
    return new StorageException(
        ErrorCode.SR_NOT_EMPTY,
        "SR " + sr + " holds " + what + ".",
        "Destroy them first; sr-scan shows what is there, vdi-forget drops what is lost.");
  }
}
