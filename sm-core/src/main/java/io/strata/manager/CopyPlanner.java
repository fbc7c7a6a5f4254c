// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.catalog.Catalog;
import io.strata.catalog.SrRecord;
import io.strata.catalog.VdiRecord;
import io.strata.spi.ErrorCode;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.Volume;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
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

  /// A move destroys its source, so that its copy is always read back.
  static VdiCopy assertMovable(VdiRecord source, SrUuid sr, ProgressListener progress)
      throws StorageException {
    if (source.isASnapshot()) {
      throw new StorageException(
          ErrorCode.VDI_SNAPSHOT,
          "VDI " + source.uuid() + " is a snapshot, and belongs to its disk.",
          "Move the disk, or run vdi-copy to have the snapshot's content as a disk elsewhere.");
    }
    if (source.sr().equals(sr)) {
      throw new StorageException(
          ErrorCode.BAD_REQUEST,
          "VDI " + source.uuid() + " is in SR " + sr + " already.",
          "Give another SR.");
    }
    return new VdiCopy(
        source.uuid(),
        Optional.of(sr),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        true,
        progress);
  }

  static CopyIntent plan(Core core, VdiCopy request, VdiRecord source, boolean moves)
      throws StorageException {
    String content = source.knownContent().orElseGet(() -> UUID.randomUUID().toString());
    SrUuid sr = request.sr().orElse(source.sr());
    Optional<CopyIntent.Into> into = Optional.empty();
    Optional<CopyIntent.Base> base = Optional.empty();
    if (request.intoVdi().isPresent()) {
      VdiRecord target = core.catalog().read(r -> r.vdi(request.intoVdi().get()));
      assertHolds(source, target);
      if (request.base().isPresent()) {
        base = Optional.of(base(core, request.base().get(), source, target));
      }
      sr = target.sr();
      into = Optional.of(new CopyIntent.Into(target.uuid(), UUID.randomUUID().toString()));
    }
    SrUuid targetSr = core.catalog().read(reader(sr)).uuid();
    core.plugged().require(targetSr);
    return new CopyIntent(
        source.uuid(),
        content,
        OptionalLong.of(source.virtualSizeBytes()),
        base,
        targetSr,
        into.isPresent()
            ? Optional.empty()
            : Optional.of(copied(request, source, sr, content, moves)),
        into,
        request.verify(),
        moves);
  }

  private static Catalog.Reading<SrRecord> reader(SrUuid sr) {
    return r -> r.sr(sr);
  }

  private static void assertHolds(VdiRecord source, VdiRecord target) throws StorageException {
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
  }

  private static CopyIntent.Base base(Core core, VdiUuid uuid, VdiRecord source, VdiRecord target)
      throws StorageException {
    VdiRecord base = VdiRecords.managed(core.catalog().read(r -> r.vdi(uuid)));
    Optional<String> content = base.knownContent();
    if (!base.sr().equals(source.sr())
        || content.isEmpty()
        || !content.equals(target.contentId())) {
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
    return new CopyIntent.Base(uuid, content.get());
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

  private static VdiRecord copied(
      VdiCopy request, VdiRecord source, SrUuid sr, String content, boolean moves)
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
    VdiRecord copied = VdiRecords.created(create, source.virtualSizeBytes());
    return (moves ? VdiRecords.moved(copied, source) : copied).withContentId(Optional.of(content));
  }
}
