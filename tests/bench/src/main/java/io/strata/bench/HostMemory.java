// SPDX-License-Identifier: Apache-2.0
package io.strata.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Locale;

/// Watches whether a virtual machine's memory is there when it is touched.
///
/// A host that balances or reclaims memory unmaps pages that its guest uses, without a word to it:
/// nothing is counted as a fault or as stolen time, and the next touch of each page takes some 10
/// us. A program that touches many pages in a short time gets that as a stall.
final class HostMemory {
  static final HostMemory PROBE = new HostMemory();

  private static final int PAGE_BYTES = 4096;
  private static final int PAGES = 8192;

  /// Several times what these pages take out of a cold cache.
  private static final double AWAY_MILLIS = 8;

  private final MemorySegment pages =
      Arena.global().allocate((long) PAGES * PAGE_BYTES, PAGE_BYTES);

  private final Samples away = new Samples();
  private int touches = -1;

  private HostMemory() {
    touch();
  }

  /// Touches each page once.
  void touch() {
    long start = System.nanoTime();
    for (long page = 0; page < PAGES; page++) {
      pages.set(ValueLayout.JAVA_LONG, page * PAGE_BYTES, start + page);
    }
    double millis = (System.nanoTime() - start) / 1e6;
    if (touches >= 0 && millis > AWAY_MILLIS) {
      away.add(millis);
    }
    touches++;
  }

  /// What was found, in a line.
  String describe() {
    if (touches == 0) {
      return "nobody looked whether the host took memory away";
    }
    if (away.values().isEmpty()) {
      return String.format(Locale.ROOT, "memory was there at each of %d looks", touches);
    }
    return String.format(
        Locale.ROOT,
        "the host had taken memory at %d of %d looks: %.0f us for each page that is touched then",
        away.values().size(),
        touches,
        1000 * away.median() / PAGES);
  }
}
