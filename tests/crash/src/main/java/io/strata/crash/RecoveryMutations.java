// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.block.sim.BarrierSite;
import java.io.IOException;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/// Takes away, one at a time, the barriers that are met in recoveries only, and cuts the power in
/// the recoveries that meet them, to see whether the harness notices. A recovery from a crash
/// inside another one counts too: some steps are taken there only.
///
/// Thread-safe.
final class RecoveryMutations {
  /// Recoveries that are tried for each barrier, of one run of a workload.
  private static final int MOST_TRIED = 60;

  private static final CrashBudget INSIDE = new CrashBudget(4, 4, 0, 1, true);

  private final Set<BarrierSite> known;
  private final int every;

  // Guarded by this.
  private final SortedMap<BarrierSite, Optional<String>> verdicts =
      new TreeMap<>(Comparator.comparing(BarrierSite::toString));

  /// @param known barriers that are met outside of recoveries too
  /// @param every one in how many recoveries is looked at
  RecoveryMutations(Set<BarrierSite> known, int every) {
    this.known = Set.copyOf(known);
    this.every = every;
  }

  /// Crashes a workload, and takes away the barriers that its recoveries meet.
  ///
  /// @throws CrashViolation where a state does not hold with all of them
  void explore(CrashWorkload workload, long seed) throws IOException {
    CrashBudget budget = workload.budget(new CrashBudget(4, 8, every, 1, true));
    Map<BarrierSite, Integer> tried = new HashMap<>();
    requireSound(
        CrashExplorer.explore(
            workload,
            workload.record(seed),
            seed,
            budget,
            Optional.empty(),
            recovery -> {
              mutate(recovery, tried);
              return recovery.explore(
                  new CrashBudget(2, 1, every, 1, budget.poison()),
                  Optional.empty(),
                  second -> {
                    mutate(second, tried);
                    return new CrashReport();
                  });
            }));
  }

  private void mutate(CrashExplorer.Recovery recovery, Map<BarrierSite, Integer> tried)
      throws IOException {
    for (BarrierSite site : Mutations.barriers(recovery.recording())) {
      if (known.contains(site)
          || !wanted(site)
          || tried.merge(site, 1, Integer::sum) > MOST_TRIED) {
        continue;
      }
      CrashReport report = recovery.explore(INSIDE, Optional.of(site));
      if (report.violations() > 0) {
        requireSound(recovery.explore(INSIDE, Optional.empty()));
        noticed(site, report);
      }
    }
  }

  /// A violation says something of a missing barrier only where none is found with all of them.
  private static void requireSound(CrashReport report) {
    if (report.violations() > 0) {
      throw new CrashViolation("no barrier was taken away, and yet " + report);
    }
  }

  private synchronized boolean wanted(BarrierSite site) {
    return verdicts.computeIfAbsent(site, s -> Optional.empty()).isEmpty();
  }

  private synchronized void noticed(BarrierSite site, CrashReport report) {
    verdicts.put(site, report.first().stream().flatMap(String::lines).findFirst());
  }

  /// The barriers that were met in recoveries only, each with what the harness said first once it
  /// did nothing, if it noticed.
  synchronized SortedMap<BarrierSite, Optional<String>> verdicts() {
    return Collections.unmodifiableSortedMap(new TreeMap<>(verdicts));
  }
}
