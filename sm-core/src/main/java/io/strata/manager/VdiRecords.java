// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.catalog.VdiRecord;
import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.Volume;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Records of new VDIs from the requests that make them.
final class VdiRecords {

  private VdiRecords() {}

  /// @throws StorageException [ErrorCode#VDI_UNAVAILABLE] for a hidden base copy
  static VdiRecord managed(VdiRecord vdi) throws StorageException {
    if (!vdi.managed()) {
      throw new StorageException(
          ErrorCode.VDI_UNAVAILABLE,
          "VDI " + vdi.uuid() + " is a hidden base copy.",
          "Use one of the disks that depend on it.");
    }
    return vdi;
  }

  /// @throws StorageException [ErrorCode#VDI_UNAVAILABLE] also for a snapshot whose data were
  ///   destroyed
  static VdiRecord withData(VdiRecord vdi) throws StorageException {
    if (vdi.metadataOnly()) {
      throw new StorageException(
          ErrorCode.VDI_UNAVAILABLE,
          "The data of VDI " + vdi.uuid() + " were destroyed; only its change information is kept.",
          "Use another snapshot or the disk itself.");
    }
    return managed(vdi);
  }

  /// Keeps readers off a disk that holds a part of one image and a part of what it held before.
  ///
  /// @throws StorageException [ErrorCode#VDI_UNAVAILABLE]
  static VdiRecord whole(VdiRecord vdi) throws StorageException {
    Optional<UnendedImport> unended = UnendedImport.of(vdi);
    if (unended.isPresent()) {
      throw new StorageException(
          ErrorCode.VDI_UNAVAILABLE,
          "An import over VDI "
              + vdi.uuid()
              + unended.get().image().map(image -> ", of image " + image + ",").orElse("")
              + " has not ended: it holds a part of the image only.",
          "Wait for it. Where it was interrupted, import the same image again, or any full one, or"
              + " destroy the VDI.");
    }
    return vdi;
  }

  static VdiRecord created(VdiCreate request, long sizeBytes) throws StorageException {
    Names.check("name-label", request.nameLabel());
    Names.check("name-description", request.nameDescription());
    Names.check("type", request.type());
    Names.check("tags", request.tags());
    Names.check("sm-config", request.smConfig());
    Names.check("other-config", request.otherConfig());
    VdiUuid uuid = request.uuid().orElseGet(VdiUuid::random);
    return new VdiRecord(
        uuid,
        request.sr(),
        request.type(),
        request.nameLabel(),
        request.nameDescription(),
        Sizes.roundUp(sizeBytes, request.kind()),
        0,
        request.readOnly(),
        request.sharable(),
        true,
        false,
        Optional.empty(),
        Instant.EPOCH,
        Optional.empty(),
        uuid.toString(),
        request.kind(),
        false,
        Optional.empty(),
        Optional.empty(),
        "",
        request.tags(),
        request.smConfig(),
        request.otherConfig(),
        Map.of(),
        Map.of(),
        false);
  }

  static VdiRecord cloned(VdiRecord from, VdiUuid copy, VdiClone request) throws StorageException {
    String name = request.nameLabel().orElse(from.nameLabel());
    String description = request.nameDescription().orElse(from.nameDescription());
    return derived(
        from,
        copy,
        Names.check("new-name-label", name),
        Names.check("new-name-description", description),
        Optional.empty(),
        Instant.EPOCH);
  }

  static VdiRecord snapshot(VdiRecord from, VdiUuid snapshot, VdiSnapshot request, Instant now)
      throws StorageException {
    String name = request.nameLabel().orElse(from.nameLabel() + " snapshot");
    return derived(
        from,
        snapshot,
        Names.check("name-label", name),
        from.nameDescription(),
        Optional.of(from.uuid()),
        now);
  }

  private static VdiRecord derived(
      VdiRecord from,
      VdiUuid uuid,
      String nameLabel,
      String nameDescription,
      Optional<VdiUuid> snapshotOf,
      Instant snapshotTime) {
    return new VdiRecord(
        uuid,
        from.sr(),
        from.type(),
        nameLabel,
        nameDescription,
        from.virtualSizeBytes(),
        0,
        snapshotOf.isPresent(),
        from.sharable(),
        true,
        snapshotOf.isPresent(),
        snapshotOf,
        snapshotTime,
        Optional.empty(),
        uuid.toString(),
        from.kind(),
        false,
        Optional.empty(),
        snapshotOf.isPresent() ? Optional.empty() : from.knownContent(),
        "",
        List.of(),
        from.smConfig(),
        from.otherConfig(),
        Map.of(),
        Map.of(),
        snapshotOf.isPresent() && from.cbtEnabled());
  }

  /// A new disk that takes another one's place, with all that was set for that.
  static VdiRecord moved(VdiRecord copied, VdiRecord from) {
    return new VdiRecord(
        copied.uuid(),
        copied.sr(),
        copied.type(),
        copied.nameLabel(),
        copied.nameDescription(),
        copied.virtualSizeBytes(),
        copied.physicalUtilisationBytes(),
        from.readOnly(),
        copied.sharable(),
        true,
        false,
        Optional.empty(),
        Instant.EPOCH,
        Optional.empty(),
        copied.location(),
        copied.kind(),
        false,
        Optional.empty(),
        copied.contentId(),
        from.qosAlgorithmType(),
        from.tags(),
        copied.smConfig(),
        copied.otherConfig(),
        from.keys(),
        from.qosAlgorithmParams(),
        false);
  }

  /// Whether more is known of a VDI than a scan can find out by itself.
  static boolean isDescribed(VdiRecord vdi) {
    return !vdi.managed()
        || vdi.isASnapshot()
        || vdi.metadataOnly()
        || vdi.cbtEnabled()
        || vdi.readOnly()
        || vdi.sharable()
        || !vdi.nameLabel().isEmpty()
        || !vdi.nameDescription().isEmpty()
        || !vdi.qosAlgorithmType().isEmpty()
        || !vdi.tags().isEmpty()
        || !vdi.smConfig().isEmpty()
        || !vdi.otherConfig().isEmpty()
        || !vdi.keys().isEmpty();
  }

  /// Whether it passes for a disk only since its image could not be read while it was there, as a
  /// base that went since may have done.
  static boolean neverRead(VdiRecord vdi) {
    return vdi.virtualSizeBytes() == 0 && !isDescribed(vdi);
  }

  static VdiRecord introduced(VdiIntroduce request, Volume volume) throws StorageException {
    Names.check("name-label", request.nameLabel());
    Names.check("name-description", request.nameDescription());
    Names.check("type", request.type());
    Names.check("sm-config", request.smConfig());
    return new VdiRecord(
        request.uuid(),
        request.sr(),
        request.type(),
        request.nameLabel(),
        request.nameDescription(),
        volume.virtualSizeBytes(),
        volume.physicalBytes(),
        request.readOnly(),
        request.sharable(),
        true,
        false,
        Optional.empty(),
        Instant.EPOCH,
        volume.parent(),
        volume.uuid().toString(),
        volume.kind(),
        false,
        volume.problem(),
        Optional.empty(),
        "",
        List.of(),
        request.smConfig(),
        Map.of(),
        Map.of(),
        Map.of(),
        false);
  }
}
