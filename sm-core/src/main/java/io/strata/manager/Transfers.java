// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.block.BlockDevice;
import io.strata.block.SparseCopy;
import io.strata.block.SparseWriter;
import io.strata.catalog.Catalog;
import io.strata.catalog.VdiRecord;
import io.strata.spi.AccessMode;
import io.strata.spi.ErrorCode;
import io.strata.spi.Repository;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.vhd.DifferenceReader;
import io.strata.vhd.DiskType;
import io.strata.vhd.VhdCorruptException;
import io.strata.vhd.VhdInfo;
import io.strata.vhd.VhdRejectedException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/// Imports and exports of images.
final class Transfers {
  private final Core core;
  private final Intents intents;
  private final VolumeResults results;
  private final TransferDisks disks;
  private final Path spool;

  Transfers(Core core, Intents intents, VolumeResults results, TransferDisks disks, Path spool) {
    this.core = core;
    this.intents = intents;
    this.results = results;
    this.disks = disks;
    this.spool = spool;
  }

  /// Puts content onto a disk.
  @FunctionalInterface
  private interface Content {
    void writeTo(BlockDevice target, boolean targetIsZero) throws IOException;
  }

  VdiUuid importImage(VdiImport request) throws StorageException {
    if (request.into().isPresent() == request.create().isPresent()) {
      throw new StorageException(
          ErrorCode.BAD_REQUEST,
          "An import needs exactly one target.",
          "Give an existing VDI, or what a new one is to be.");
    }
    return switch (request.format()) {
      case RAW -> {
        long imageBytes = request.rawBytes().orElse(-1);
        long newBytes = request.create().map(VdiCreate::sizeBytes).orElse(imageBytes);
        yield put(
            request,
            imageBytes,
            newBytes,
            Identity.UNKNOWN,
            (target, zero) ->
                StreamCopy.toDevice(
                    request.image(),
                    target,
                    zero,
                    request.progress(),
                    Math.max(imageBytes, newBytes)));
      }
      case VHD -> importVhd(request);
    };
  }

  private VdiUuid importVhd(VdiImport request) throws StorageException {
    try (VhdImage image = VhdImage.receive(spool, request.image())) {
      VhdInfo info = image.info();
      return info.type() == DiskType.DIFFERENCING
          ? importDifference(request, image)
          : importFull(request, image, info);
    } catch (VhdCorruptException | VhdRejectedException e) {
      throw TransferFailures.ofImage(e, spool);
    } catch (IOException e) {
      throw TransferFailures.of("vdi-import", e);
    }
  }

  private VdiUuid importFull(VdiImport request, VhdImage image, VhdInfo info)
      throws IOException, StorageException {
    try (BlockDevice source = image.open()) {
      long asked = request.create().map(VdiCreate::sizeBytes).orElse(0L);
      long sizeBytes = Math.max(asked, source.sizeBytes());
      return put(
          request,
          source.sizeBytes(),
          sizeBytes,
          new Identity(Optional.empty(), Optional.of(info.uuid().toString())),
          (target, zero) ->
              new SparseCopy(
                      source,
                      target,
                      zero,
                      end -> request.progress().progress(end, source.sizeBytes()))
                  .copyFrom(0));
    }
  }

  /// Puts what changed upon a disk that holds the state it changed from, and no other.
  private VdiUuid importDifference(VdiImport request, VhdImage image)
      throws IOException, StorageException {
    try (DifferenceReader source = image.openDifference()) {
      String base = source.parent().uuid().toString();
      if (request.into().isEmpty()) {
        throw new StorageException(
            ErrorCode.VDI_TYPE,
            "The image holds only what changed since " + base + ".",
            "Import the full image of " + base + " first, then this one onto that VDI with uuid.");
      }
      long sizeBytes = source.sizeBytes();
      return intoExisting(
          request.into().get(),
          sizeBytes,
          new Identity(Optional.of(base), Optional.of(source.info().uuid().toString())),
          (target, zero) -> {
            SparseWriter writer = new SparseWriter(target, zero);
            source.pieces((offset, data) -> {
              writer.write(offset, data);
              request.progress().progress(offset, sizeBytes);
            });
          });
    }
  }

  /// Which content a disk must have before a transfer, and has after it, where that is known.
  private record Identity(Optional<String> before, Optional<String> after) {
    static final Identity UNKNOWN = new Identity(Optional.empty(), Optional.empty());

    UnendedImport unended() {
      return new UnendedImport(before, after);
    }
  }

  /// @param imageBytes the size of the disk in the image, or -1
  /// @param newBytes the size of a new disk
  private VdiUuid put(
      VdiImport request, long imageBytes, long newBytes, Identity identity, Content content)
      throws StorageException {
    if (request.create().isPresent()) {
      VdiCreate create = request.create().get();
      if (imageBytes > newBytes) {
        throw new StorageException(
            ErrorCode.VDI_SIZE,
            "The image's disk has "
                + imageBytes
                + " bytes, the new one would have "
                + newBytes
                + ".",
            "Give a larger virtual-size, or none.");
      }
      VdiRecord vdi = VdiRecords.created(create, newBytes).withContentId(identity.after());
      return intoNew(vdi, create.uuid(), content);
    }
    return intoExisting(request.into().orElseThrow(), imageBytes, identity, content);
  }

  void export(VdiExport request) throws StorageException {
    if (request.base().isPresent()) {
      exportDifference(request, request.base().get());
    } else {
      exportFull(request);
    }
  }

  private void exportDifference(VdiExport request, VdiUuid baseUuid) throws StorageException {
    VdiRecord source = VdiRecords.withData(core.catalog().read(r -> r.vdi(request.vdi())));
    VdiRecord base = VdiRecords.managed(core.catalog().read(r -> r.vdi(baseUuid)));
    assertBase(request, source, base);
    try (Claims.Claim claim = disks.claimForReading(source, "vdi-export");
        Claims.Claim _ = disks.claimForReading(base, "vdi-export");
        BlockDevice from = disks.open(claim, source, AccessMode.RO);
        VhdImage image =
            VhdImage.difference(
                spool,
                from,
                disks.changed(baseUuid, source, "vdi-export"),
                base.virtualSizeBytes(),
                name(source),
                baseUuid.value(),
                request.progress())) {
      image.send(request.image());
    } catch (IOException e) {
      throw TransferFailures.of("vdi-export", e);
    }
  }

  /// Names an image's content. That of a snapshot has the snapshot's name for good; a disk has
  /// another content in its next image.
  private static UUID name(VdiRecord source) {
    return source.isASnapshot() ? source.uuid().value() : UUID.randomUUID();
  }

  private static void assertBase(VdiExport request, VdiRecord source, VdiRecord base)
      throws StorageException {
    if (request.format() != ImageFormat.VHD) {
      throw new StorageException(
          ErrorCode.BAD_REQUEST,
          "Only a VHD can hold what changed since another image.",
          "Give format=vhd, or no base.");
    }
    if (!base.isASnapshot()
        || !base.sr().equals(source.sr())
        || base.uuid().equals(source.uuid())) {
      throw new StorageException(
          ErrorCode.BAD_REQUEST,
          "VDI " + base.uuid() + " is no other snapshot in the SR of VDI " + source.uuid() + ".",
          "Give a snapshot that was exported before as base.");
    }
    CopyPlanner.assertNotSmaller(source, base);
  }

  private void exportFull(VdiExport request) throws StorageException {
    VdiRecord source = VdiRecords.withData(core.catalog().read(r -> r.vdi(request.vdi())));
    try (Claims.Claim claim = disks.claimForReading(source, "vdi-export");
        BlockDevice from = disks.open(claim, source, AccessMode.RO)) {
      switch (request.format()) {
        case RAW -> StreamCopy.toStream(from, request.image(), request.progress());
        case VHD -> {
          try (VhdImage image = VhdImage.of(spool, from, name(source), request.progress())) {
            image.send(request.image());
          }
        }
      }
    } catch (IOException e) {
      throw TransferFailures.of("vdi-export", e);
    }
  }

  private VdiUuid intoNew(VdiRecord vdi, Optional<VdiUuid> chosen, Content content)
      throws StorageException {
    Operation operation = Operation.VDI_IMPORT;
    SrUuid sr = vdi.sr();
    core.catalog().read(r -> r.sr(sr));
    try (Claims.Claim claim = core.claims().writing(sr, vdi.uuid(), operation.verb())) {
      VdiOperations.assertUnknown(core, core.plugged().require(sr), chosen);
      try (Intents.Intent intent =
          intents.begin(operation, sr, Map.of(Replay.NEW_VDI, VdiJson.text(vdi)))) {
        try {
          disks.create(claim, vdi);
          intent.reached("created");
          try (BlockDevice target = disks.open(claim, vdi, AccessMode.RW)) {
            content.writeTo(target, true);
            target.flush();
          } catch (IOException e) {
            throw TransferFailures.of(operation.verb(), e);
          }
          intent.reached("copied");
          commit(vdi, intent);
        } catch (StorageException e) {
          intent.undo(e, () -> disks.remove(vdi, operation.verb()));
          throw e;
        }
      }
    }
    return vdi.uuid();
  }

  private void commit(VdiRecord vdi, Intents.Intent intent) throws StorageException {
    try (var _ = core.locks().sr(vdi.sr(), "the end of a transfer")) {
      Repository repository = core.plugged().require(vdi.sr());
      intent.commit(results.added(repository, vdi, List.of()));
    }
  }

  /// @param imageBytes what the disk must hold, or -1
  private VdiUuid intoExisting(VdiUuid uuid, long imageBytes, Identity identity, Content content)
      throws StorageException {
    String verb = Operation.VDI_IMPORT.verb();
    VdiRecord vdi = core.catalog().read(r -> r.vdi(uuid));
    try (Claims.Claim claim = disks.claimForWriting(vdi, verb)) {
      core.catalog()
          .read(r -> {
            assertTakes(r.vdi(uuid), imageBytes, identity);
            return true;
          });
      overwrite(claim, vdi, verb, identity, content);
    }
    return uuid;
  }

  private void overwrite(
      Claims.Claim claim, VdiRecord vdi, String verb, Identity identity, Content content)
      throws StorageException {
    SrUuid sr = vdi.sr();
    VdiUuid uuid = vdi.uuid();
    try (Intents.Intent intent =
        intents.begin(Operation.VDI_OVERWRITE, sr, Map.of(Replay.SOURCE, uuid.toString()))) {
      try {
        try (BlockDevice target = disks.open(claim, vdi, AccessMode.RW)) {
          // Before the first byte: whatever ends the import early leaves a part of it.
          markUnended(uuid, identity);
          content.writeTo(target, false);
          target.flush();
        } catch (IOException e) {
          throw TransferFailures.of(verb, e);
        }
        intent.passed("copied");
        try (var _ = core.locks().sr(sr, claim.operation())) {
          Catalog.Change observed = results.observed(core.plugged().require(sr), sr, uuid);
          intent.commit(w -> {
            observed.apply(w);
            w.setVdiContentId(uuid, identity.after());
          });
        }
      } catch (StorageException e) {
        intent.undo(e, () -> {});
        throw e;
      }
    }
  }

  private void markUnended(VdiUuid uuid, Identity identity) throws StorageException {
    core.catalog().write(w -> w.setVdiContentId(uuid, Optional.of(identity.unended().contentId())));
  }

  /// An increment goes upon its base, and once more upon the part of it that it left there.
  private static void assertTakes(VdiRecord vdi, long imageBytes, Identity identity)
      throws StorageException {
    Optional<UnendedImport> unended = UnendedImport.of(vdi);
    boolean takes =
        identity.before().isEmpty()
            || vdi.contentId().equals(identity.before())
            || unended.equals(Optional.of(identity.unended()));
    if (!takes) {
      throw new StorageException(
          ErrorCode.VDI_TYPE,
          "The image holds what changed since "
              + identity.before().orElseThrow()
              + ", and VDI "
              + vdi.uuid()
              + (unended.isPresent()
                  ? " holds a part of another image."
                  : vdi.contentId()
                      .map(content -> " holds " + content + ".")
                      .orElse(" holds content of its own.")),
          "Give a VDI that was imported or copied from it, or cloned of it, and not attached"
              + " for writing since.");
    }
    assertHolds(vdi, imageBytes);
  }

  private static void assertHolds(VdiRecord vdi, long sizeBytes) throws StorageException {
    if (sizeBytes > vdi.virtualSizeBytes()) {
      throw new StorageException(
          ErrorCode.VDI_SIZE,
          "The image's disk has "
              + sizeBytes
              + " bytes, VDI "
              + vdi.uuid()
              + " "
              + vdi.virtualSizeBytes()
              + ".",
          "Make it larger with vdi-resize, or give a larger disk.");
    }
  }
}
