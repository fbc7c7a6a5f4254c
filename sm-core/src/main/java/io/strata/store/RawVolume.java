// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import io.strata.block.Container;
import io.strata.block.ForwardingContainer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// A raw volume that is open for writing, for all who write to it. Once a flush failed, every later
/// one does: the kernel tells an open file of a failure once, and may have dropped what others
/// wrote.
final class RawVolume extends ForwardingContainer {
  private final ReentrantLock flushing = new ReentrantLock();

  /// Guarded by `flushing`.
  private @Nullable IOException failure;

  RawVolume(Container below) {
    super(below);
  }

  @Override
  public void write(long offsetBytes, ByteBuffer source, Durability durability) throws IOException {
    below.write(offsetBytes, source, Durability.WRITE_BACK);
    flush(durability);
  }

  @Override
  public void writeZeroes(
      long offsetBytes, long lengthBytes, Zeroing zeroing, Durability durability)
      throws IOException {
    below.writeZeroes(offsetBytes, lengthBytes, zeroing, Durability.WRITE_BACK);
    flush(durability);
  }

  private void flush(Durability durability) throws IOException {
    if (durability == Durability.FUA) {
      flush();
    }
  }

  @Override
  public void flush() throws IOException {
    flushing.lock();
    try {
      if (failure != null) {
        throw new IOException(
            location() + " failed an earlier flush and must be reopened: " + failure.getMessage(),
            failure);
      }
      below.flush();
    } catch (IOException failed) {
      failure = failure == null ? failed : failure;
      throw failed;
    } finally {
      flushing.unlock();
    }
  }
}
