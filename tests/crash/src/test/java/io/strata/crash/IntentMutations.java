// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.block.sim.LogEntry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/// Spoils the intents of a daemon's operations, of one kind at a time, to see whether the harness
/// notices: an intent that it does not miss is either not needed or not tested.
///
/// Only the states are looked at in which the catalog differs from what was recorded.
final class IntentMutations {
  private final CrashWorkload workload;
  private final List<Run> runs;

  /// What is done wrong.
  enum Fault {
    /// The intent never becomes durable.
    NOT_RECORDED,
    /// The intent is gone once its last step is recorded, before the operation has ended.
    ENDED_EARLY
  }

  /// A recorded workload.
  ///
  /// @param intents what each catalog of it holds, with the verbs
  /// @param last the last catalog that holds each
  private record Run(
      long seed,
      Recording recording,
      IdentityHashMap<DaemonHome, Map<UUID, String>> intents,
      Map<UUID, DaemonHome> last) {

    static Run of(CrashWorkload workload, long seed) throws IOException {
      Run run = new Run(seed, workload.record(seed), new IdentityHashMap<>(), new HashMap<>());
      for (LogEntry entry : run.recording.entries()) {
        if (entry instanceof LogEntry.Marker(DaemonExpectation expected)
            && !run.intents.containsKey(expected.home())) {
          DaemonHome home = expected.home();
          Map<UUID, String> open = home.intents();
          run.intents.put(home, open);
          open.keySet().forEach(intent -> run.last.put(intent, home));
        }
      }
      return run;
    }

    Set<String> verbs() {
      return intents.values().stream()
          .flatMap(each -> each.values().stream())
          .collect(Collectors.toSet());
    }

    /// The intents of a catalog that a fault takes away.
    Set<UUID> lost(DaemonHome home, String verb, Fault fault) {
      return intents.getOrDefault(home, Map.of()).entrySet().stream()
          .filter(intent -> intent.getValue().equals(verb))
          .map(Map.Entry::getKey)
          .filter(intent -> fault == Fault.NOT_RECORDED || home.equals(last.get(intent)))
          .collect(Collectors.toSet());
    }
  }

  private IntentMutations(CrashWorkload workload, List<Run> runs) {
    this.workload = workload;
    this.runs = runs;
  }

  /// Records a daemon's workload.
  static IntentMutations of(CrashWorkload workload, long firstSeed, int seeds) throws IOException {
    List<Run> runs = new ArrayList<>();
    for (long seed = firstSeed; seed < firstSeed + seeds; seed++) {
      runs.add(Run.of(workload, seed));
    }
    return new IntentMutations(workload, runs);
  }

  /// The verbs whose intents were seen.
  Set<String> verbs() {
    return runs.stream().flatMap(run -> run.verbs().stream()).collect(Collectors.toSet());
  }

  /// What the harness says first, if it notices.
  ///
  /// @throws CrashViolation where the same states, with the intents, don't hold either
  Optional<String> firstViolation(String verb, Fault fault) throws IOException {
    for (Run run : runs) {
      if (run.verbs().contains(verb)) {
        CrashReport report = explore(run, recording(run, verb, fault, true));
        if (report.violations() > 0) {
          requireSound(run, verb, fault);
          return report.first().stream().flatMap(String::lines).findFirst();
        }
      }
    }
    return Optional.empty();
  }

  private void requireSound(Run run, String verb, Fault fault) throws IOException {
    CrashReport report = explore(run, recording(run, verb, fault, false));
    if (report.violations() > 0) {
      throw new CrashViolation("the intents of " + verb + " are there, and yet " + report);
    }
  }

  private CrashReport explore(Run run, Recording recording) throws IOException {
    CrashBudget budget = workload.budget(CrashBudget.brief()).withMaxViolations(1);
    return CrashExplorer.explore(workload, recording, run.seed(), budget, Optional.empty());
  }

  /// Only the states count in which a catalog holds intents that the fault takes away.
  ///
  /// @param spoilt whether they are taken away
  private static Recording recording(Run run, String verb, Fault fault, boolean spoilt)
      throws IOException {
    IdentityHashMap<DaemonHome, DaemonHome> poorer = new IdentityHashMap<>();
    List<LogEntry> entries = new ArrayList<>();
    for (LogEntry entry : run.recording().entries()) {
      if (!(entry instanceof LogEntry.Marker(DaemonExpectation now))) {
        entries.add(entry);
        continue;
      }
      Set<UUID> lost = run.lost(now.home(), verb, fault);
      if (lost.isEmpty()) {
        entries.add(new LogEntry.Marker(new Unseen(now)));
      } else if (spoilt) {
        DaemonHome home = poorer.get(now.home());
        if (home == null) {
          home = now.home().without(lost);
          poorer.put(now.home(), home);
        }
        entries.add(new LogEntry.Marker(now.with(home)));
      } else {
        entries.add(entry);
      }
    }
    return new Recording(entries, run.recording().before(), run.recording().names());
  }

  /// A state that is not looked at.
  private record Unseen(DaemonExpectation instead) implements Expectation {
    @Override
    public void verify(SimulatedStorage storage) {}

    @Override
    public boolean acknowledged() {
      return instead.acknowledged();
    }

    @Override
    public Object beside() {
      return instead.beside();
    }
  }
}
