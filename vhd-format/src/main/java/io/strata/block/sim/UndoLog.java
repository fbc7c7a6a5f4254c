// SPDX-License-Identifier: Apache-2.0
package io.strata.block.sim;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.Container;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;

/// What a container held before the changes that were not flushed yet.
final class UndoLog {
  private final Container target;

  // Guarded by this.
  private final Deque<Before> changes = new ArrayDeque<>();

  UndoLog(Container target) {
    this.target = target;
  }

  /// Keeps what the range holds now. Call it before the change.
  synchronized void keep(long offsetBytes, long lengthBytes) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(lengthBytes));
    target.read(offsetBytes, bytes);
    changes.push(new Before(offsetBytes, bytes.flip()));
  }

  /// The changes are durable.
  synchronized void forget() {
    changes.clear();
  }

  /// Loses the changes. Growth stays.
  synchronized void rollBack() throws IOException {
    while (!changes.isEmpty()) {
      Before before = changes.pop();
      target.write(before.offsetBytes(), before.bytes(), Durability.WRITE_BACK);
    }
  }

  private record Before(long offsetBytes, ByteBuffer bytes) {}
}
