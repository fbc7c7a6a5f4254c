// SPDX-License-Identifier: Apache-2.0
package io.strata.spi;

import io.strata.block.BlockDevice;
import java.util.List;
import java.util.Optional;

/// An SR that is reachable on this host.
///
/// What a repository can do beyond the basics it says by its facets: `Optional` of an interface.
/// Each mutating call is **idempotent** for the same arguments, so that a recorded intent can be
/// replayed after a crash.
///
/// **Threads.** Calls that change the set of volumes come one at a time for one SR; [#open],
/// [#stat] and [#scan] may come alongside. Devices that were handed out are used freely.
public interface Repository extends AutoCloseable {

  /// How large and how full it is.
  SpaceStat stat() throws StorageException;

  /// Every volume as the storage itself knows it, hidden nodes included. The truth of existence,
  /// size and parentage.
  List<Volume> scan() throws StorageException;

  /// One volume as the storage itself knows it. A repository that can look without a whole scan
  /// does.
  default Optional<Volume> volume(VdiUuid vdi) throws StorageException {
    return scan().stream().filter(volume -> volume.uuid().equals(vdi)).findFirst();
  }

  /// Makes a volume that reads as zeroes.
  ///
  /// @return the volume with its actual size, at least the size asked for
  Volume create(VdiUuid vdi, VolumeSpec spec) throws StorageException;

  /// Removes a volume. Absent: does nothing. A volume that others depend on becomes a hidden node
  /// and goes once nothing needs it.
  void delete(VdiUuid vdi) throws StorageException;

  /// Opens a volume. At most one writable device of a volume exists at a time.
  BlockDevice open(VdiUuid vdi, AccessMode mode) throws StorageException;

  /// Grows a volume that is not open, or whose export is paused.
  ///
  /// @return what must replace the open device of the volume, if it was open
  Replacement resize(VdiUuid vdi, long sizeBytes) throws StorageException;

  /// Point-in-time copies.
  default Optional<Snapshots> snapshots() {
    return Optional.empty();
  }

  /// Writable copies that share blocks.
  default Optional<Clones> clones() {
    return Optional.empty();
  }

  /// VHD nodes, where this repository keeps copy-on-write chains of its own.
  default Optional<VhdTree> vhdTree() {
    return Optional.empty();
  }

  /// Checks for damage.
  default Optional<VolumeChecks> checks() {
    return Optional.empty();
  }

  /// Where two volumes differ.
  default Optional<ChangedBlocks> changedBlocks() {
    return Optional.empty();
  }

  /// Where the SR keeps its own description.
  MetadataArea metadata();

  /// Makes the storage unreachable again. Every device must be closed before.
  @Override
  void close() throws StorageException;
}
