// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.block.BlockDevice;
import io.strata.block.GranuleBitmap;
import io.strata.catalog.VdiRecord;
import io.strata.spi.AccessMode;
import io.strata.spi.ChangedBlocks;
import io.strata.spi.ErrorCode;
import io.strata.spi.Repository;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.VolumeSpec;

/// The disks that a transfer works on: claims them, then opens them. While bytes flow no lock is
/// held: the claims keep others away.
final class TransferDisks {
  private final Core core;
  private final Intents intents;
  private final Attachments attachments;
  private final ChangeTracking tracking;

  TransferDisks(Core core, Intents intents, Attachments attachments, ChangeTracking tracking) {
    this.core = core;
    this.tracking = tracking;
    this.intents = intents;
    this.attachments = attachments;
  }

  /// Claims a disk that nobody writes to.
  Claims.Claim claimForReading(VdiRecord vdi, String verb) throws StorageException {
    try (var _ = core.locks().srShared(vdi.sr(), verb);
        var _ = core.locks().vdi(vdi.uuid(), verb)) {
      core.catalog()
          .read(r -> {
            attachments.assertNotWritten(r, vdi.uuid());
            return true;
          });
      intents.assertWhole(vdi.sr(), vdi.uuid());
      return core.claims().reading(vdi.sr(), vdi.uuid(), verb);
    }
  }

  /// Claims a disk that nobody uses, whether it may be written or not, to take it away.
  Claims.Claim claimToMove(VdiRecord vdi, String verb) throws StorageException {
    try (var _ = core.locks().srShared(vdi.sr(), verb);
        var _ = core.locks().vdi(vdi.uuid(), verb)) {
      Claims.Claim claim = claimAlone(vdi, verb);
      try {
        intents.assertWhole(vdi.sr(), vdi.uuid());
        return claim;
      } catch (StorageException | RuntimeException e) {
        claim.close();
        throw e;
      }
    }
  }

  /// The caller holds the disk's lock.
  private Claims.Claim claimAlone(VdiRecord vdi, String verb) throws StorageException {
    core.catalog()
        .read(r -> {
          attachments.assertFree(r, vdi.uuid());
          return true;
        });
    intents.assertNoneToReplay(vdi.sr(), vdi.uuid());
    return core.claims().writing(vdi.sr(), vdi.uuid(), verb);
  }

  /// Claims a disk that nobody uses and that can be written.
  Claims.Claim claimForWriting(VdiRecord vdi, String verb) throws StorageException {
    VdiRecords.managed(vdi);
    if (vdi.isASnapshot() || vdi.readOnly()) {
      throw new StorageException(
          ErrorCode.VDI_TYPE,
          "VDI " + vdi.uuid() + " is " + (vdi.isASnapshot() ? "a snapshot." : "read-only."),
          "Give a VDI that can be written.");
    }
    try (var _ = core.locks().srShared(vdi.sr(), verb);
        var _ = core.locks().vdi(vdi.uuid(), verb)) {
      return claimAlone(vdi, verb);
    }
  }

  BlockDevice open(Claims.Claim claim, VdiRecord vdi, AccessMode mode) throws StorageException {
    try (var _ = core.locks().srShared(vdi.sr(), claim.operation())) {
      return core.plugged().require(vdi.sr()).open(vdi.uuid(), mode);
    }
  }

  /// Makes a volume for a new disk. It may be there already.
  ///
  /// @return whether it was not
  boolean create(Claims.Claim claim, VdiRecord vdi) throws StorageException {
    try (var _ = core.locks().sr(vdi.sr(), claim.operation())) {
      Repository repository = core.plugged().require(vdi.sr());
      boolean there = repository.volume(vdi.uuid()).isPresent();
      repository.create(vdi.uuid(), new VolumeSpec(vdi.virtualSizeBytes(), vdi.kind()));
      return !there;
    }
  }

  /// Takes a new disk's volume away again.
  void remove(VdiRecord vdi, String verb) throws StorageException {
    try (var _ = core.locks().sr(vdi.sr(), verb)) {
      core.plugged().require(vdi.sr()).delete(vdi.uuid());
    }
  }

  /// Which granules of a disk may differ from another one, in the same SR. Of a snapshot whose data
  /// were destroyed the change information tells.
  GranuleBitmap changed(VdiUuid base, VdiRecord source, String verb) throws StorageException {
    if (core.catalog().read(r -> r.vdi(base)).metadataOnly()) {
      return tracking.changed(base, source.uuid());
    }
    try (var _ = core.locks().srShared(source.sr(), verb)) {
      ChangedBlocks facet =
          core.plugged()
              .require(source.sr())
              .changedBlocks()
              .orElseThrow(() ->
                  new StorageException(
                      ErrorCode.UNIMPLEMENTED,
                      "This SR's storage can't tell what changed in a disk.",
                      "Do without a base."));
      return facet.changed(base, source.uuid());
    }
  }
}
