// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import io.strata.block.CacheUse;
import java.util.concurrent.atomic.LongAdder;

/// Counts for one disk, and for its [MetadataBudget], how often metadata was found in memory. A
/// disk keeps its counters when it gets another leaf or other parents.
final class CacheCounters {
  private final MetadataBudget budget;
  private final LongAdder hits = new LongAdder();
  private final LongAdder misses = new LongAdder();

  CacheCounters(MetadataBudget budget) {
    this.budget = budget;
  }

  /// To be called when metadata was asked for and was kept.
  void hit() {
    hits.increment();
    budget.hit();
  }

  /// To be called when metadata had to be read that was not kept.
  void missed() {
    misses.increment();
    budget.missed();
  }

  CacheUse use() {
    return new CacheUse(hits.sum(), misses.sum());
  }
}
