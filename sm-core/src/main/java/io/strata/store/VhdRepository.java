// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import io.strata.block.BlockDevice;
import io.strata.spi.AccessMode;
import io.strata.spi.MetadataArea;
import io.strata.spi.Replacement;
import io.strata.spi.Repository;
import io.strata.spi.SpaceStat;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.Volume;
import io.strata.spi.VolumeSpec;
import java.util.List;

/// Volumes as VHD chains in a store.
public final class VhdRepository implements Repository {
  private final ContainerStore store;

  /// Opens what is in a store, and brings operations that a crash interrupted to a valid state.
  ///
  /// @param store closed with this
  public VhdRepository(ContainerStore store) throws StorageException {
    this.store = store;
  }

  @Override
  public SpaceStat stat() throws StorageException {
    throw new UnsupportedOperationException(store.location());
  }

  @Override
  public List<Volume> scan() throws StorageException {
    throw new UnsupportedOperationException();
  }

  @Override
  public Volume create(VdiUuid vdi, VolumeSpec spec) throws StorageException {
    throw new UnsupportedOperationException();
  }

  @Override
  public void delete(VdiUuid vdi) throws StorageException {
    throw new UnsupportedOperationException();
  }

  @Override
  public BlockDevice open(VdiUuid vdi, AccessMode mode) throws StorageException {
    throw new UnsupportedOperationException();
  }

  @Override
  public Replacement resize(VdiUuid vdi, long sizeBytes) throws StorageException {
    throw new UnsupportedOperationException();
  }

  @Override
  public MetadataArea metadata() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() throws StorageException {
    throw new UnsupportedOperationException();
  }
}
