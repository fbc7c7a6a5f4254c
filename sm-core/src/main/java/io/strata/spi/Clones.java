// SPDX-License-Identifier: Apache-2.0
package io.strata.spi;

/// Facet: writable copies that share blocks.
public interface Clones {

  /// Makes a writable copy of a volume that is not open for writing: a snapshot, a read-only
  /// volume, or one that is not attached.
  void clone(CloneSpec spec) throws StorageException;

  /// What to clone; identities chosen beforehand, so that a replay makes the same.
  ///
  /// @param source the volume, which keeps its identity
  /// @param copy the new volume
  /// @param base identity for the hidden node that holds the shared data, where one is needed
  record CloneSpec(VdiUuid source, VdiUuid copy, VdiUuid base) {}
}
