// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.Container;
import io.strata.block.WriteQueue;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// What a merge writes to its target, of which no two pieces overlap.
///
/// Small pieces over content that is there already go past the page cache, where nobody else has
/// the target in use: in the cache the kernel would look for each among all that it keeps around
/// it. Everything else goes through the cache, and to the medium while the merge goes on.
///
/// **Threads.** One at a time.
final class MergeWrites implements Closeable {
  /// Up to this size a piece is small beside what the page cache keeps as one.
  private static final int SMALL_BYTES = 64 * 1024;

  private final Container target;
  private final EarlyWriteback writeback;

  /// Whether small pieces may go past the cache: not any more where the target turned out to have
  /// no way for that.
  private boolean direct;

  private @Nullable WriteQueue queue;

  MergeWrites(Container target, TargetUse use) {
    this.target = target;
    writeback = new EarlyWriteback(target);
    direct = use == TargetUse.EXCLUSIVE;
  }

  /// Writes a piece of a block that the target lacks in part: metadata is going to say where.
  void add(long offsetBytes, ByteBuffer data) throws IOException {
    int length = data.remaining();
    target.write(offsetBytes, data, Durability.WRITE_BACK);
    writeback.written(offsetBytes, length);
  }

  /// Writes a piece over content of the target, some time before the next [#drain] returns.
  void replace(long offsetBytes, ByteBuffer data) throws IOException {
    if (data.remaining() > SMALL_BYTES || !offered(offsetBytes, data)) {
      add(offsetBytes, data);
    }
  }

  private boolean offered(long offsetBytes, ByteBuffer data) throws IOException {
    if (direct && queue == null) {
      queue = target.directWrites().orElse(null);
      direct = queue != null;
    }
    return queue != null && queue.offer(offsetBytes, data);
  }

  /// Waits until every piece is written. To be called before a commit.
  void drain() throws IOException {
    if (queue != null) {
      queue.drain();
    }
  }

  /// The target is not used after this.
  @Override
  public void close() {
    try (EarlyWriteback _ = writeback) {
      if (queue != null) {
        queue.close();
      }
    }
  }
}
