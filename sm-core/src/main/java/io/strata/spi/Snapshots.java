// SPDX-License-Identifier: Apache-2.0
package io.strata.spi;

/// Facet: point-in-time copies.
public interface Snapshots {

  /// Prepares a snapshot; may take time proportional to metadata. Nothing is visible yet.
  Prepared prepare(SnapshotSpec spec) throws StorageException;

  /// Brings a snapshot that a crash interrupted to its end, or leaves no trace of it.
  ///
  /// @return whether the snapshot exists now
  boolean recover(SnapshotSpec spec) throws StorageException;

  /// Puts the volume back to the snapshot's content. The volume is not open.
  void revert(VdiUuid volume, VdiUuid snapshot, VdiUuid displaced) throws StorageException;

  /// What to snapshot and the identities of what comes of it; all chosen beforehand, so that a
  /// replay makes the same.
  ///
  /// @param source the volume, which keeps its identity
  /// @param snapshot the new read-only volume
  /// @param base identity for the hidden node that holds the shared data, where one is needed
  record SnapshotSpec(VdiUuid source, VdiUuid snapshot, VdiUuid base) {}

  /// A snapshot about to happen.
  interface Prepared {
    /// Makes the snapshot, in constant time. If the volume is open for writing its export is paused
    /// and flushed.
    Replacement commit() throws StorageException;

    /// Forgets what was prepared; also after a commit that failed.
    void abandon();

    /// Follows a commit when the disk runs again: what a guest need not wait for is done, and what
    /// was replaced is let go, which may take seconds: a deleted file's storage is freed at its
    /// last close.
    default void release() {}
  }
}
