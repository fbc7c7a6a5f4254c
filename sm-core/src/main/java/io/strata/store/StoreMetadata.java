// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import io.strata.spi.ErrorCode;
import io.strata.spi.MetadataArea;
import io.strata.spi.StorageException;
import java.io.IOException;
import java.util.Optional;

/// The SR's own description, in its store.
final class StoreMetadata implements MetadataArea {
  private final ContainerStore store;

  StoreMetadata(ContainerStore store) {
    this.store = store;
  }

  @Override
  public Optional<byte[]> read() throws StorageException {
    try {
      return store.readMetadata();
    } catch (IOException failed) {
      throw new StorageException(
          ErrorCode.METADATA_ERROR,
          "The SR's description in " + store.location() + " can't be read: " + failed + ".",
          "Check the health of the storage; the SR's volumes are not affected.",
          failed);
    }
  }

  @Override
  public void write(byte[] content) throws StorageException {
    if (content.length > MAX_BYTES) {
      throw new StorageException(
          ErrorCode.METADATA_ERROR,
          "The SR's description has " + content.length + " bytes, more than " + MAX_BYTES + ".",
          "Shorten names, descriptions and keys of its VDIs.");
    }
    try {
      store.writeMetadata(content);
    } catch (IOException failed) {
      throw StoreFailures.of("The SR's description can't be written", failed);
    }
  }
}
