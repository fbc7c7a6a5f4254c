// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.catalog.AttachmentRecord;
import io.strata.catalog.CatalogReader;
import io.strata.catalog.VdiRecord;
import io.strata.spi.AccessMode;
import io.strata.spi.ErrorCode;
import io.strata.spi.Messages;
import io.strata.spi.Repository;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.util.List;
import java.util.Optional;

/// Attach and activate, as the field's state machine: detached, attached RO or RW, activated RO or
/// RW. Each call may repeat.
///
/// The catalog's row is the truth: it is made before the device is opened and goes after the device
/// is closed, so a daemon that dies at any moment serves the disk again when it is back.
final class Attachments {
  private static final System.Logger LOG = System.getLogger(Attachments.class.getName());

  private final Core core;
  private final Intents intents;
  private final ServedDisks disks;
  private final BlockBackend backend;

  Attachments(Core core, Intents intents, ServedDisks disks, BlockBackend backend) {
    this.core = core;
    this.intents = intents;
    this.disks = disks;
    this.backend = backend;
  }

  Attachment attach(VdiAttach request) throws StorageException {
    VdiUuid uuid = request.vdi();
    SrUuid sr = core.catalog().read(r -> r.vdi(uuid)).sr();
    try (var _ = core.locks().srShared(sr, "vdi-attach");
        var _ = core.locks().vdi(uuid, "vdi-attach")) {
      Repository repository = core.plugged().require(sr);
      VdiRecord vdi = core.catalog().read(r -> r.vdi(uuid));
      Optional<AttachmentRecord> existing = find(uuid, request.domain());
      if (existing.isPresent()) {
        return again(repository, existing.get(), request);
      }
      assertAttachable(vdi, request.mode());
      return attachFirst(repository, vdi, request);
    }
  }

  private Optional<AttachmentRecord> find(VdiUuid vdi, String domain) throws StorageException {
    return core.catalog().read(r -> r.findAttachment(vdi, core.host(), domain));
  }

  private Attachment again(Repository repository, AttachmentRecord existing, VdiAttach request)
      throws StorageException {
    if (existing.mode() != request.mode()) {
      throw new StorageException(
          ErrorCode.VDI_IN_USE,
          "VDI "
              + existing.vdi()
              + " is attached "
              + existing.mode()
              + " by this domain, not "
              + request.mode()
              + ".",
          "Detach it first.");
    }
    if (request.tcp().isPresent()
        && !BlockBackend.matches(existing.endpoint(), request.tcp().get())) {
      throw new StorageException(
          ErrorCode.VDI_IN_USE,
          "VDI " + existing.vdi() + " is served at " + existing.endpoint() + ".",
          "Detach it first.");
    }
    restore(repository, existing);
    return describe(existing);
  }

  private static void assertAttachable(VdiRecord vdi, AccessMode mode) throws StorageException {
    if (!vdi.managed()) {
      throw new StorageException(
          ErrorCode.VDI_UNAVAILABLE,
          "VDI " + vdi.uuid() + " is a hidden base copy.",
          "Attach one of the disks that depend on it.");
    }
    VdiRecords.whole(VdiRecords.withData(vdi));
    if (mode == AccessMode.RW && (vdi.isASnapshot() || vdi.readOnly())) {
      throw new StorageException(
          ErrorCode.VDI_TYPE,
          "VDI "
              + vdi.uuid()
              + (vdi.isASnapshot() ? " is a snapshot" : " is read-only")
              + " and can't be attached for writing.",
          "Attach it with mode=RO, or clone it.");
    }
  }

  private Attachment attachFirst(Repository repository, VdiRecord vdi, VdiAttach request)
      throws StorageException {
    if (request.mode() == AccessMode.RW) {
      core.claims().assertFree(vdi.uuid());
      intents.assertNoneToReplay(vdi.sr(), vdi.uuid());
    } else {
      core.claims().assertNotWritten(vdi.uuid());
    }
    assertCompatible(core.catalog().read(r -> r.attachments(vdi.uuid())), vdi, request.mode());
    String endpoint = backend.bind(request.tcp());
    AttachmentRecord record =
        new AttachmentRecord(
            vdi.uuid(),
            core.host(),
            Names.check("domain", request.domain()),
            request.mode(),
            false,
            endpoint,
            Optional.empty());
    try {
      core.catalog()
          .write(w -> {
            assertCompatible(w.read().attachments(vdi.uuid()), vdi, request.mode());
            w.insertAttachment(record, vdi.sharable());
          });
    } catch (StorageException e) {
      backend.closeUnused(endpoint);
      throw e;
    }
    core.failpoints().hit("vdi-attach.recorded");
    serveOrForget(repository, record);
    disks.limit(vdi);
    core.failpoints().hit("vdi-attach.served");
    LOG.log(
        System.Logger.Level.INFO,
        "VDI {0}: attached {1} by domain {2} at {3}",
        vdi.uuid(),
        request.mode(),
        request.domain(),
        endpoint);
    return describe(record);
  }

  private static void assertCompatible(
      List<AttachmentRecord> others, VdiRecord vdi, AccessMode mode) throws StorageException {
    for (AttachmentRecord other : others) {
      boolean bothRead = mode == AccessMode.RO && other.mode() == AccessMode.RO;
      boolean bothShare = vdi.sharable() && mode == other.mode();
      if (!bothRead && !bothShare) {
        throw new StorageException(
            ErrorCode.VDI_IN_USE,
            "VDI "
                + vdi.uuid()
                + " is attached "
                + other.mode()
                + " by domain '"
                + Messages.printable(other.domain())
                + "' of host "
                + other.host()
                + ".",
            "Detach it there first.");
      }
    }
  }

  private void serveOrForget(Repository repository, AttachmentRecord record)
      throws StorageException {
    try {
      disks.serve(repository, record.vdi(), record.mode(), record.endpoint());
    } catch (StorageException e) {
      backend.closeUnused(record.endpoint());
      try {
        core.catalog().write(w -> w.deleteAttachment(record.vdi(), record.host(), record.domain()));
      } catch (StorageException second) {
        e.addSuppressed(second);
      }
      throw e;
    }
  }

  void activate(VdiUuid vdi, String domain) throws StorageException {
    inState(
        vdi,
        "vdi-activate",
        repository -> {
          AttachmentRecord record = find(vdi, domain).orElseThrow(() -> notAttached(vdi, domain));
          restore(repository, record);
          core.catalog().write(w -> w.setAttachmentActivated(vdi, core.host(), domain, true));
        });
  }

  void deactivate(VdiUuid vdi, String domain) throws StorageException {
    inState(
        vdi,
        "vdi-deactivate",
        repository -> {
          if (find(vdi, domain).isPresent()) {
            disks.flush(vdi);
            core.catalog().write(w -> w.setAttachmentActivated(vdi, core.host(), domain, false));
          }
        });
  }

  void detach(VdiUuid vdi, String domain) throws StorageException {
    SrUuid sr = core.catalog().read(r -> r.vdi(vdi)).sr();
    try (var _ = core.locks().srShared(sr, "vdi-detach");
        var _ = core.locks().vdi(vdi, "vdi-detach")) {
      Optional<AttachmentRecord> record = find(vdi, domain);
      if (record.isPresent()) {
        detach(record.get());
      }
    }
  }

  private void detach(AttachmentRecord record) throws StorageException {
    VdiUuid vdi = record.vdi();
    String endpoint = record.endpoint();
    boolean last =
        core.catalog().read(r -> r.attachments(vdi)).stream()
            .noneMatch(other ->
                other.host().equals(core.host())
                    && !other.domain().equals(record.domain())
                    && other.endpoint().equals(endpoint));
    StorageException lostWrites = null;
    if (last) {
      try {
        disks.withdraw(vdi, endpoint);
      } catch (StorageException e) {
        if (e.code() != ErrorCode.IO_ERROR) {
          throw e;
        }
        lostWrites = e;
      }
    }
    core.failpoints().hit("vdi-detach.withdrawn");
    core.catalog().write(w -> w.deleteAttachment(vdi, core.host(), record.domain()));
    core.failpoints().hit("vdi-detach.committed");
    LOG.log(System.Logger.Level.INFO, "VDI {0}: detached by domain {1}", vdi, record.domain());
    if (lostWrites != null) {
      throw lostWrites;
    }
  }

  /// Serves what the catalog says is attached on this host. What can't be served keeps its error in
  /// the catalog and is tried again by the next attach or activate.
  void restoreAll(SrUuid sr, Repository repository) throws StorageException {
    for (AttachmentRecord record : core.catalog().read(r -> r.attachments(sr))) {
      if (!record.host().equals(core.host())) {
        continue;
      }
      try {
        restore(repository, record);
      } catch (StorageException e) {
        LOG.log(
            System.Logger.Level.ERROR,
            "VDI {0}: attached, but not served: {1}",
            record.vdi(),
            e.getMessage());
        core.catalog()
            .write(w -> w.setAttachmentError(record.vdi(), core.host(), Optional.of(e.what())));
      }
    }
  }

  private void restore(Repository repository, AttachmentRecord record) throws StorageException {
    if (!disks.serves(record.vdi(), record.endpoint())) {
      disks.serve(repository, record.vdi(), record.mode(), record.endpoint());
      disks.limit(core.catalog().read(r -> r.vdi(record.vdi())));
    }
    if (record.lastError().isPresent()) {
      core.catalog().write(w -> w.setAttachmentError(record.vdi(), core.host(), Optional.empty()));
    }
  }

  private Attachment describe(AttachmentRecord record) throws StorageException {
    String name = record.vdi().toString();
    return new Attachment(
        record.vdi(),
        record.domain(),
        record.mode(),
        record.activated(),
        backend.uri(record.endpoint(), name),
        name,
        disks.sizeBytes(record.vdi()).orElse(0L));
  }

  /// Work on one VDI whose SR is plugged.
  @FunctionalInterface
  private interface Work {
    void run(Repository repository) throws StorageException;
  }

  private void inState(VdiUuid vdi, String operation, Work work) throws StorageException {
    SrUuid sr = core.catalog().read(r -> r.vdi(vdi)).sr();
    try (var _ = core.locks().srShared(sr, operation);
        var _ = core.locks().vdi(vdi, operation)) {
      work.run(core.plugged().require(sr));
    }
  }

  private static StorageException notAttached(VdiUuid vdi, String domain) {
    return new StorageException(
        ErrorCode.VDI_UNAVAILABLE,
        "VDI " + vdi + " is not attached by domain '" + Messages.printable(domain) + "'.",
        "Attach it first.");
  }

  /// @throws StorageException [ErrorCode#VDI_IN_USE] if anybody has attached it, or a transfer
  ///   works on it
  void assertFree(CatalogReader reader, VdiUuid vdi) throws StorageException {
    core.claims().assertFree(vdi);
    for (AttachmentRecord attachment : reader.attachments(vdi)) {
      throw inUse(attachment);
    }
  }

  /// @throws StorageException [ErrorCode#VDI_IN_USE] if anybody may write to it
  void assertNotWritten(CatalogReader reader, VdiUuid vdi) throws StorageException {
    core.claims().assertNotWritten(vdi);
    for (AttachmentRecord attachment : reader.attachments(vdi)) {
      if (attachment.mode() == AccessMode.RW) {
        throw inUse(attachment);
      }
    }
  }

  private static StorageException inUse(AttachmentRecord attachment) {
    return new StorageException(
        ErrorCode.VDI_IN_USE,
        "VDI "
            + attachment.vdi()
            + " is attached "
            + attachment.mode()
            + " by domain '"
            + Messages.printable(attachment.domain())
            + "' of host "
            + attachment.host()
            + ".",
        "Detach it first.");
  }
}
