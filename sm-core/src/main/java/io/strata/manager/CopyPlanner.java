// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.catalog.Catalog;
import io.strata.catalog.SrRecord;
import io.strata.catalog.VdiRecord;
import io.strata.spi.ErrorCode;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.Volume;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// What a request to copy means, before anything is done.
final class CopyPlanner {
  private CopyPlanner() {}

  static void assertOneTarget(VdiCopy request) throws StorageException {
    if (request.sr().isPresent() == request.intoVdi().isPresent()) {
      throw new StorageException(
          ErrorCode.BAD_REQUEST,
          "A copy needs exactly one target.",
          "Give either sr-uuid or into-vdi-uuid.");
    }
    if (request.intoVdi().equals(Optional.of(request.source()))) {
      throw new StorageException(
          ErrorCode.BAD_REQUEST,
          "VDI " + request.source() + " can't be copied onto itself.",
          "Give another target.");
    }
    if (request.base().isPresent() && request.intoVdi().isEmpty()) {
      throw new StorageException(
          ErrorCode.BAD_REQUEST,
          "What differs from VDI " + request.base().get() + " is no disk by itself.",
          "Give into-vdi-uuid: a disk that holds what the base holds.");
    }
  }

  static CopyIntent plan(Core core, VdiCopy request, VdiRecord source) throws StorageException {
    String content = source.knownContent().orElseGet(() -> UUID.randomUUID().toString());
    SrUuid sr = request.sr().orElse(source.sr());
    Optional<CopyIntent.Into> into = Optional.empty();
    if (request.intoVdi().isPresent()) {
      VdiRecord target = core.catalog().read(r -> r.vdi(request.intoVdi().get()));
      assertFits(core, request, source, target);
      sr = target.sr();
      into = Optional.of(new CopyIntent.Into(target.uuid(), UUID.randomUUID().toString()));
    }
    SrUuid targetSr = core.catalog().read(reader(sr)).uuid();
    core.plugged().require(targetSr);
    return new CopyIntent(
        source.uuid(),
        content,
        request.base(),
        targetSr,
        into.isPresent() ? Optional.empty() : Optional.of(copied(request, source, sr, content)),
        into,
        request.verify());
  }

  private static Catalog.Reading<SrRecord> reader(SrUuid sr) {
    return r -> r.sr(sr);
  }

  private static void assertFits(Core core, VdiCopy request, VdiRecord source, VdiRecord target)
      throws StorageException {
    if (target.virtualSizeBytes() < source.virtualSizeBytes()) {
      throw new StorageException(
          ErrorCode.VDI_SIZE,
          "The source has "
              + source.virtualSizeBytes()
              + " bytes, the target "
              + target.virtualSizeBytes()
              + ".",
          "Give a larger disk.");
    }
    if (request.base().isEmpty()) {
      return;
    }
    VdiRecord base = VdiRecords.withData(core.catalog().read(r -> r.vdi(request.base().get())));
    if (!base.sr().equals(source.sr())
        || base.knownContent().isEmpty()
        || !base.knownContent().equals(target.contentId())) {
      throw new StorageException(
          ErrorCode.VDI_TYPE,
          "VDI "
              + target.uuid()
              + " is not known to hold what VDI "
              + base.uuid()
              + " holds, or that is in another SR than the source.",
          "Give as into-vdi-uuid a copy of the base that was not attached for writing since, or"
              + " copy without a base.");
    }
    assertNotSmaller(source, base);
  }

  /// What differs from a base says nothing of what the base holds beyond a smaller disk's end.
  static void assertNotSmaller(VdiRecord source, VdiRecord base) throws StorageException {
    if (base.virtualSizeBytes() > source.virtualSizeBytes()) {
      throw new StorageException(
          ErrorCode.VDI_SIZE,
          "VDI "
              + base.uuid()
              + " has "
              + base.virtualSizeBytes()
              + " bytes, VDI "
              + source.uuid()
              + " only "
              + source.virtualSizeBytes()
              + ": what differs can't make a disk smaller.",
          "Take it in full, without a base.");
    }
  }

  private static VdiRecord copied(VdiCopy request, VdiRecord source, SrUuid sr, String content)
      throws StorageException {
    VdiCreate create =
        new VdiCreate(
            Optional.empty(),
            sr,
            request.nameLabel().orElse(source.nameLabel()),
            source.nameDescription(),
            source.virtualSizeBytes(),
            source.type(),
            sr.equals(source.sr()) ? source.kind() : Volume.Kind.VHD,
            source.sharable(),
            false,
            List.of(),
            source.smConfig(),
            source.otherConfig());
    return VdiRecords.created(create, source.virtualSizeBytes())
        .withContentId(Optional.of(content));
  }
}
