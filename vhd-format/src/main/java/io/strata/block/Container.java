// SPDX-License-Identifier: Apache-2.0
package io.strata.block;

import java.io.IOException;
import java.util.Optional;

/// A block device that can grow: a file, or a volume in a store.
///
/// Bytes that growth adds read as zeroes.
public interface Container extends BlockDevice {

  /// Makes the container at least this large. The size is durable after the next flush. Does
  /// nothing where it is that large already.
  ///
  /// @throws IOException also where the store has no space left
  void ensureCapacity(long sizeBytes) throws IOException;

  /// By how much it is good to grow at once, in bytes; at least 1 MiB.
  long growthStepBytes();

  /// Bytes of storage that the content really takes.
  long physicalBytes() throws IOException;

  /// Says that what was written here will be flushed soon, so that its way to the medium may begin
  /// now; may wait for its end. Only a hint: nothing is durable by it, and nothing that fails is
  /// told but by the flush.
  default void writeback(long offsetBytes, long lengthBytes) {}

  /// A way to make many small writes far apart, past what memory keeps of the content: that is
  /// dropped around each, so whoever reads there next waits for the medium. For containers that
  /// nobody else uses meanwhile.
  ///
  /// @return none where the storage has none, or none that is faster; to be closed before the
  ///   container
  default Optional<WriteQueue> directWrites() {
    return Optional.empty();
  }

  /// Where the content lives, for messages: a path or a volume's name.
  String location();
}
