// SPDX-License-Identifier: Apache-2.0
package io.strata.block.sim;

import java.util.Optional;

/// One thing that happened to recorded storage.
///
/// A container's epoch is the number of its flushes that completed before.
public sealed interface LogEntry {

  /// What changes a container's bytes or size, and may be lost until a barrier.
  sealed interface Change extends LogEntry {
    /// Which container.
    int container();

    /// The epoch it belongs to.
    long epoch();

    /// The barrier that this change is by itself, where it asked to be durable on return.
    Optional<BarrierSite> forced();
  }

  /// What makes earlier changes durable.
  sealed interface Barrier extends LogEntry {
    /// Where in the code it was asked for.
    BarrierSite site();
  }

  /// Bytes were written. The array is never changed.
  @SuppressWarnings("ArrayRecordComponent")
  record Write(
      int container, long epoch, long offsetBytes, byte[] bytes, Optional<BarrierSite> forced)
      implements Change {}

  /// A range was made zero; `punched` says that its space may have been given back.
  record Zero(
      int container,
      long epoch,
      long offsetBytes,
      long lengthBytes,
      boolean punched,
      Optional<BarrierSite> forced)
      implements Change {}

  /// A range was discarded.
  record Discard(int container, long epoch, long offsetBytes, long lengthBytes) implements Change {
    @Override
    public Optional<BarrierSite> forced() {
      return Optional.empty();
    }
  }

  /// The container grew: a change of metadata, apart from the bytes.
  record Grow(int container, long epoch, long sizeBytes) implements Change {
    @Override
    public Optional<BarrierSite> forced() {
      return Optional.empty();
    }
  }

  /// A flush completed, which ends the container's epoch.
  record Flush(int container, long epoch, BarrierSite site) implements Barrier {}

  /// A name changed. Names are durable after the next [NamesFlush].
  ///
  /// @param name the name that comes to mean the container, or nothing any more
  /// @param container what it means now; empty: the name is gone
  /// @param removed a name that is gone by the same atomic step (a rename)
  record NameChange(String name, Optional<Integer> container, Optional<String> removed)
      implements LogEntry {}

  /// Names were made durable.
  record NamesFlush(BarrierSite site) implements Barrier {}

  /// What the program above was doing.
  record Marker(Object note) implements LogEntry {}
}
