// SPDX-License-Identifier: Apache-2.0
package io.strata.block.sim;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.BlockDevice.Zeroing;
import io.strata.block.Container;
import io.strata.block.Extent;
import io.strata.block.Extent.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/// What a container held before the changes that were not flushed yet.
final class UndoLog {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final Container target;

  // Guarded by this.
  private final Deque<Before> changes = new ArrayDeque<>();

  UndoLog(Container target) {
    this.target = target;
  }

  /// Keeps what the range holds now. Call it before the change.
  synchronized void keep(long offsetBytes, long lengthBytes) throws IOException {
    List<Extent> extents = new ArrayList<>();
    target.extents(
        offsetBytes,
        lengthBytes,
        (offset, length, kind) -> extents.add(new Extent(offset, length, kind)));
    for (Extent extent : extents) {
      ByteBuffer data = NOTHING;
      if (extent.kind() == Kind.DATA) {
        data = ByteBuffer.allocate(Math.toIntExact(extent.lengthBytes()));
        target.read(extent.offsetBytes(), data);
      }
      changes.push(new Before(extent, data.flip()));
    }
  }

  /// The changes are durable.
  synchronized void forget() {
    changes.clear();
  }

  /// Loses the changes. Growth stays.
  synchronized void rollBack() throws IOException {
    while (!changes.isEmpty()) {
      Before before = changes.pop();
      Extent extent = before.extent();
      if (extent.kind() == Kind.DATA) {
        target.write(extent.offsetBytes(), before.data(), Durability.WRITE_BACK);
      } else {
        target.writeZeroes(
            extent.offsetBytes(),
            extent.lengthBytes(),
            Zeroing.MAY_DEALLOCATE,
            Durability.WRITE_BACK);
      }
    }
  }

  /// @param data of an extent that is no hole
  private record Before(Extent extent, ByteBuffer data) {}
}
