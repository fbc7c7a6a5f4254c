// SPDX-License-Identifier: Apache-2.0
package io.strata.spi;

import io.strata.block.GranuleBitmap;
import java.util.Optional;

/// Facet: the repository can tell where two volumes differ without reading them, and can keep that
/// for volumes whose data go.
///
/// Bitmaps have one bit for each granule of 64 KiB, the first granule as the most significant bit
/// of the first byte.
public interface ChangedBlocks {

  /// Marks every granule of `to` in which it may differ from `from`: never too few, and none that
  /// nothing wrote or trimmed. What `to` has beyond the size of `from` is marked.
  ///
  /// Volumes that are open for writing are taken as they are during the call: every write that
  /// returned before it counts, flushed or not. Other changes of the set of volumes wait then.
  ///
  /// @throws StorageException [ErrorCode#CBT_CHANGED_BLOCKS_ERROR] for volumes of which it can't be
  ///   told, [ErrorCode#VDI_MISSING]
  GranuleBitmap changed(VdiUuid from, VdiUuid to) throws StorageException;

  /// What was kept for a volume.
  ///
  /// @throws StorageException [ErrorCode#CBT_METADATA_INCONSISTENT] where it is damaged
  Optional<ChangeLog> log(VdiUuid vdi) throws StorageException;

  /// Keeps a log for a volume that exists or existed, in place of an earlier one. Durable when it
  /// returns; a crash within leaves the one or the other.
  void keepLog(VdiUuid vdi, ChangeLog log) throws StorageException;

  /// Forgets a volume's log. Absent: does nothing.
  void dropLog(VdiUuid vdi) throws StorageException;

  /// What changed from one volume to a later one.
  ///
  /// @param next the later one
  /// @param changed granules of `next`
  record ChangeLog(VdiUuid next, GranuleBitmap changed) {}
}
