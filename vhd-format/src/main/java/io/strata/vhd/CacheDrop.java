// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import io.strata.block.Container;
import java.util.BitSet;
import java.util.function.LongSupplier;

/// Has memory let go of what surrounds small writes to a container, before they come.
///
/// The kernel keeps what was read or written in one go as one large folio. It looks through all of
/// that, 512 blocks of 2 MiB, for each 4 KiB that is written there, and again when these go to the
/// medium. What is written where nothing is cached is kept by itself.
///
/// Where the cache holds many small folios, as after scattered reads or writes, there is nothing to
/// gain, and each has to be let go of by itself. That shows in the time it takes, and windows after
/// such a one are left as they are.
///
/// **Threads.** One at a time.
final class CacheDrop {
  /// Whole folios only are let go; they lie at multiples of their size, and the largest are of 2
  /// MiB on most machines.
  static final long WINDOW_BYTES = 8L << 20;

  /// Four folios of 2 MiB take less than 0.1 ms, 2,048 of 4 KiB more than 1 ms.
  static final long LONG_NANOS = 300_000;

  /// Windows that are left as they are after one that took long.
  static final int LEFT_AFTER_LONG = 31;

  private final Container container;
  private final LongSupplier nanoTime;
  private final BitSet seen = new BitSet();
  private int toLeave;

  /// @param nanoTime as [System#nanoTime]
  CacheDrop(Container container, LongSupplier nanoTime) {
    this.container = container;
    this.nanoTime = nanoTime;
  }

  /// To be called before each write; does something at the first in a window.
  void writing(long offsetBytes) {
    int window = Math.toIntExact(offsetBytes / WINDOW_BYTES);
    if (seen.get(window)) {
      return;
    }
    seen.set(window);
    if (toLeave > 0) {
      toLeave--;
      return;
    }
    long start = nanoTime.getAsLong();
    container.dropCached(window * WINDOW_BYTES, WINDOW_BYTES);
    if (nanoTime.getAsLong() - start >= LONG_NANOS) {
      toLeave = LEFT_AFTER_LONG;
    }
  }
}
