// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.block.sim.BarrierSite;
import io.strata.block.sim.LogEntry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/// Takes barriers away one at a time, to see whether the harness notices: one that it does not miss
/// is either not needed or not tested.
final class Mutations {
  private final Map<BarrierSite, List<Run>> runs;

  private Mutations(Map<BarrierSite, List<Run>> runs) {
    this.runs = runs;
  }

  /// A recorded workload.
  private record Run(CrashWorkload workload, long seed, Recording recording) {}

  /// Records workloads, and finds the barriers that they meet.
  static Mutations of(List<CrashWorkload> workloads, long firstSeed, int seeds) throws IOException {
    Map<BarrierSite, List<Run>> runs = new TreeMap<>(Comparator.comparing(BarrierSite::toString));
    for (long seed = firstSeed; seed < firstSeed + seeds; seed++) {
      for (CrashWorkload workload : workloads) {
        Run run = new Run(workload, seed, workload.record(seed));
        for (BarrierSite site : barriers(run.recording())) {
          runs.computeIfAbsent(site, s -> new ArrayList<>()).add(run);
        }
      }
    }
    return new Mutations(runs);
  }

  /// The barriers that a recording meets.
  static Set<BarrierSite> barriers(Recording recording) {
    Set<BarrierSite> sites = new TreeSet<>(Comparator.comparing(BarrierSite::toString));
    for (LogEntry entry : recording.entries()) {
      switch (entry) {
        case LogEntry.Barrier barrier -> sites.add(barrier.site());
        case LogEntry.Change change -> change.forced().ifPresent(sites::add);
        case LogEntry.NameChange change -> {}
        case LogEntry.Marker marker -> {}
      }
    }
    return sites;
  }

  /// The barriers.
  List<BarrierSite> sites() {
    return List.copyOf(runs.keySet());
  }

  /// What the harness says first once a barrier does nothing, if it notices: with little effort
  /// where that is enough, else with much.
  Optional<String> firstViolation(BarrierSite site) throws IOException {
    Optional<String> quick = firstViolation(site, CrashBudget.brief());
    return quick.isPresent() ? quick : firstViolation(site, CrashBudget.thorough());
  }

  /// As [#firstViolation], with one effort.
  ///
  /// @throws CrashViolation where the same run, with every barrier, does not hold either
  Optional<String> firstViolation(BarrierSite site, CrashBudget budget) throws IOException {
    for (Run run : runs.getOrDefault(site, List.of())) {
      CrashBudget first = run.workload().budget(budget).withMaxViolations(1);
      CrashReport report =
          CrashExplorer.explore(
              run.workload(), run.recording(), run.seed(), first, Optional.of(site));
      if (report.violations() > 0) {
        requireSoundUnmutated(run, first);
        return report.first().stream().flatMap(String::lines).findFirst();
      }
    }
    return Optional.empty();
  }

  /// A violation says something of a missing barrier only where none is found with all of them.
  private static void requireSoundUnmutated(Run run, CrashBudget budget) throws IOException {
    CrashReport report =
        CrashExplorer.explore(
            run.workload(), run.recording(), run.seed(), budget, Optional.empty());
    if (report.violations() > 0) {
      throw new CrashViolation("no barrier was taken away, and yet " + report);
    }
  }
}
