// SPDX-License-Identifier: Apache-2.0
package io.strata.spi;

import java.util.Optional;

/// Where an SR keeps its own description, so that another host can introduce it. A guest can't
/// reach it.
public interface MetadataArea {
  /// Largest content, in bytes.
  int MAX_BYTES = 16 * 1024 * 1024;

  /// What was written last, if anything.
  Optional<byte[]> read() throws StorageException;

  /// Replaces the content atomically and durably.
  void write(byte[] content) throws StorageException;
}
