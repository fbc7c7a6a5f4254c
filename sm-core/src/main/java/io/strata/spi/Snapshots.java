// SPDX-License-Identifier: Apache-2.0
package io.strata.spi;

/// Facet: point-in-time copies.
public interface Snapshots {

  /// Prepares a snapshot; may take time proportional to metadata. Nobody is told of it yet.
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
    /// Takes the point in time, in constant time. If the volume is open for writing its export is
    /// at rest, and what was written last may not be flushed.
    Replacement commit() throws StorageException;

    /// Forgets what was prepared; also after a commit that failed.
    void abandon();

    /// Follows a commit when the disk runs again, and does what a guest need not wait for: the
    /// result is durable after it, and what was replaced is let go.
    ///
    /// @throws StorageException the result may not be durable: nobody must be told of it
    default void release() throws StorageException {}
  }
}
