// SPDX-License-Identifier: Apache-2.0
package io.strata.spi;

/// A kind of storage. Found by `java.util.ServiceLoader`; stateless and safe for many threads.
///
/// A driver makes storage reachable and hands out a [Repository]; it starts no threads of its own
/// before that. The manager serialises calls for one SR.
public interface StorageDriver {

  /// What it is and what it can do.
  DriverDescription describe();

  /// Looks for storage with a configuration that may be incomplete. Changes nothing.
  ProbeResult probe(DeviceConfig config) throws StorageException;

  /// Prepares the storage for a new SR: formats, makes folders. Idempotent for the same SR; refuses
  /// storage that holds another SR or is in use.
  void create(SrUuid sr, DeviceConfig config) throws StorageException;

  /// Makes the SR reachable on this host. Idempotent after a crash (a mount that is still there is
  /// taken over).
  ///
  /// @return the repository, to be closed by the caller; closing makes the storage unreachable
  Repository attach(SrUuid sr, DeviceConfig config) throws StorageException;

  /// Removes an SR that holds no VDI from its storage. Idempotent, also after a [#create] that a
  /// crash interrupted at any step; storage that holds another SR, or none, is left alone.
  void destroy(SrUuid sr, DeviceConfig config) throws StorageException;
}
