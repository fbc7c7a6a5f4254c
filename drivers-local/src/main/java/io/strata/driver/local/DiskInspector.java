// SPDX-License-Identifier: Apache-2.0
package io.strata.driver.local;

import io.strata.host.Disk;
import io.strata.host.Filesystems;
import io.strata.host.HostDevice;
import io.strata.host.InUse;
import io.strata.host.Partition;
import io.strata.host.Signature;
import io.strata.spi.ErrorCode;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Judges disks and partitions without changing them.
///
/// An SR on a disk is a filesystem with the label `strata-sr` whose UUID is the SR's: it is known
/// without mounting it.
final class DiskInspector {
  /// Label of every filesystem that is an SR; XFS allows no more than 12 bytes.
  static final String LABEL = "strata-sr";

  /// Smallest disk: XFS refuses to format less than 300 MiB, and some room is to be left.
  static final long MIN_SIZE_BYTES = 512L * 1024 * 1024;

  private final Filesystems filesystems;

  DiskInspector(Filesystems filesystems) {
    this.filesystems = filesystems;
  }

  Verdict judge(HostDevice device) throws StorageException {
    Optional<StorageException> refusal = refusal(device);
    if (refusal.isPresent()) {
      return new Verdict.Refused(refusal.get());
    }
    Optional<Signature> content = filesystems.signature(device.device());
    if (content.isEmpty()) {
      return new Verdict.Blank();
    }
    Optional<SrUuid> sr = content.flatMap(DiskInspector::srOf);
    return sr.isPresent() ? new Verdict.HoldsSr(sr.get()) : new Verdict.HoldsForeign(content.get());
  }

  /// The SR that lives on a device, in use or not.
  Optional<SrUuid> sr(HostDevice device) throws StorageException {
    return filesystems.signature(device.device()).flatMap(DiskInspector::srOf);
  }

  private static Optional<SrUuid> srOf(Signature content) {
    if (content.kind() != Signature.Kind.FILESYSTEM
        || !content.label().equals(Optional.of(LABEL))
        || content.uuid().isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(SrUuid.parse(content.uuid().get()));
    } catch (StorageException notOurs) {
      return Optional.empty();
    }
  }

  private static Optional<StorageException> refusal(HostDevice device) {
    if (isRoot(device)) {
      return refused(
          ErrorCode.ROOTDEV,
          device.device() + " is the disk that this host runs from.",
          "Choose another disk, or a free partition of this one.");
    }
    List<InUse> uses = uses(device);
    if (!uses.isEmpty()) {
      return refused(
          ErrorCode.SR_IN_USE,
          device.device() + " is in use: " + reasons(uses) + ".",
          "Free it first (unmount it, or take it out of what holds it), or choose another.");
    }
    if (hasPartitions(device)) {
      return refused(
          ErrorCode.CONFIG_DEVICE_INVALID,
          device.device() + " has partitions.",
          "Choose one of its partitions, or remove its partition table with 'wipefs -a' if all of"
              + " them may be lost.");
    }
    if (device.readOnly()) {
      return refused(
          ErrorCode.CONFIG_DEVICE_INVALID,
          device.device() + " is read-only.",
          "Take its write protection away, or choose another.");
    }
    if (device.sizeBytes() < MIN_SIZE_BYTES) {
      return refused(
          ErrorCode.CONFIG_DEVICE_INVALID,
          device.device()
              + " has "
              + device.sizeBytes()
              + " bytes, less than "
              + MIN_SIZE_BYTES
              + ".",
          "Choose a larger one.");
    }
    return Optional.empty();
  }

  static String reasons(List<InUse> uses) {
    return uses.stream().map(InUse::reason).distinct().collect(Collectors.joining(", "));
  }

  private static boolean isRoot(HostDevice device) {
    return switch (device) {
      case Disk disk -> disk.isRootDisk();
      case Partition partition -> partition.isRoot();
    };
  }

  /// A disk is in use also by its partitions.
  static List<InUse> uses(HostDevice device) {
    return switch (device) {
      case Partition partition -> partition.uses();
      case Disk disk ->
          Stream.concat(
                  disk.uses().stream(), disk.partitions().stream().flatMap(p -> p.uses().stream()))
              .toList();
    };
  }

  private static boolean hasPartitions(HostDevice device) {
    return device instanceof Disk disk && !disk.partitions().isEmpty();
  }

  private static Optional<StorageException> refused(ErrorCode code, String what, String remedy) {
    return Optional.of(new StorageException(code, what, remedy));
  }
}
