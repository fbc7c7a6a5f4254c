// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.block.sim.BarrierSite;
import io.strata.block.sim.LogEntry;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// Takes barriers away one at a time, to see whether the harness notices: one that it does not miss
/// is either not needed or not tested.
final class Mutations {
  private Mutations() {}

  /// The barriers that a workload meets, over some seeds.
  static Set<BarrierSite> barriers(CrashWorkload workload, long firstSeed, int seeds)
      throws IOException {
    Set<BarrierSite> sites = new TreeSet<>((a, b) -> a.toString().compareTo(b.toString()));
    for (long seed = firstSeed; seed < firstSeed + seeds; seed++) {
      for (LogEntry entry : workload.record(seed).entries()) {
        switch (entry) {
          case LogEntry.Barrier barrier -> sites.add(barrier.site());
          case LogEntry.Change change -> change.forced().ifPresent(sites::add);
          case LogEntry.NameChange change -> {}
          case LogEntry.Marker marker -> {}
        }
      }
    }
    return sites;
  }

  /// What the harness says first once a barrier does nothing, if it notices within some seeds.
  static Optional<String> firstViolation(
      CrashWorkload workload, BarrierSite site, long firstSeed, int seeds, CrashBudget budget)
      throws IOException {
    CrashBudget first = workload.budget(budget).withMaxViolations(1);
    for (long seed = firstSeed; seed < firstSeed + seeds; seed++) {
      CrashReport report =
          CrashExplorer.explore(workload, workload.record(seed), seed, first, Optional.of(site));
      if (report.violations() > 0) {
        return report.first().stream().findFirst();
      }
    }
    return Optional.empty();
  }
}
