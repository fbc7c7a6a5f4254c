// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.block.sim.BarrierSite;
import io.strata.block.sim.LogEntry;
import io.strata.block.sim.MemoryContainer;
import io.strata.block.sim.WriteLog;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Tries the states that a power cut could leave, and compares each with what must hold then.
///
/// A state is everything that barriers made durable plus any part of what came after. The cuts lie
/// just before each barrier completes and before each change of what is durable beside the storage,
/// where most is pending, and at the end.
final class CrashExplorer {
  private final String title;
  private final Predicate<LogEntry.Write> hasTwin;
  private final Recording recording;
  private final CrashBudget budget;
  private final Optional<BarrierSite> ignored;
  private final FateSets fates;
  private final CrashReport report = new CrashReport();
  private final boolean nested;
  private final long seed;
  private final Recoveries recoveries;

  private final CrashImages images;
  private final List<Pending> pending = new ArrayList<>();
  private final List<LogEntry.NameChange> pendingNames = new ArrayList<>();
  private final Map<String, Integer> names;
  private @Nullable Expectation expectation;
  private int cut;
  private long tried;

  private CrashExplorer(
      String title,
      Predicate<LogEntry.Write> hasTwin,
      Recording recording,
      @Nullable Expectation expectation,
      CrashBudget budget,
      Optional<BarrierSite> ignored,
      long seed,
      boolean nested,
      Recoveries recoveries) {
    this.title = title;
    this.hasTwin = hasTwin;
    this.recording = recording;
    this.expectation = expectation;
    this.budget = budget;
    this.ignored = ignored;
    this.seed = seed;
    this.nested = nested;
    this.recoveries = recoveries;
    this.fates = new FateSets(seed, budget.exhaustive(), budget.randomSets());
    this.images =
        new CrashImages(recording.before(), containers(recording), budget.poison(), hasTwin);
    this.names = new TreeMap<>(recording.names());
  }

  /// Explores a workload.
  static CrashReport explore(CrashWorkload workload, long seed, CrashBudget budget)
      throws IOException {
    return explore(
        workload, workload.record(seed), seed, workload.budget(budget), Optional.empty());
  }

  /// Explores a recording, with one barrier of the program turned into one that does nothing.
  static CrashReport explore(
      CrashWorkload workload,
      Recording recording,
      long seed,
      CrashBudget budget,
      Optional<BarrierSite> ignored)
      throws IOException {
    return explore(
        workload,
        recording,
        seed,
        budget,
        ignored,
        recovery -> recovery.explore(budget.inside(), ignored));
  }

  /// Explores a recording, and hands out the recoveries that are to be crashed too.
  static CrashReport explore(
      CrashWorkload workload,
      Recording recording,
      long seed,
      CrashBudget budget,
      Optional<BarrierSite> ignored,
      Recoveries recoveries)
      throws IOException {
    String title = workload.name() + " -Dstrata.seed=" + seed;
    return new CrashExplorer(
            title, workload::hasTwin, recording, null, budget, ignored, seed, false, recoveries)
        .explore();
  }

  /// What becomes of each recovery that was recorded.
  interface Recoveries {

    /// @return the states that were tried inside it
    CrashReport met(Recovery recovery) throws IOException;
  }

  /// A recovery that held, with what must hold when the power goes inside it. It shares the images
  /// of the exploration that it is part of, which are changed once [Recoveries#met] is over.
  record Recovery(
      String title,
      Predicate<LogEntry.Write> hasTwin,
      Recording recording,
      Expectation expected,
      long seed) {

    /// Crashes inside it.
    CrashReport explore(CrashBudget budget, Optional<BarrierSite> ignored) throws IOException {
      return explore(budget, ignored, inner -> new CrashReport());
    }

    /// As [#explore(CrashBudget, Optional)], and hands out the recoveries from crashes inside it.
    CrashReport explore(CrashBudget budget, Optional<BarrierSite> ignored, Recoveries recoveries)
        throws IOException {
      return new CrashExplorer(
              title, hasTwin, recording, expected, budget, ignored, seed, true, recoveries)
          .explore();
    }
  }

  private CrashReport explore() throws IOException {
    for (cut = 0; cut < recording.entries().size() && !enough(); cut++) {
      follow(recording.entries().get(cut));
    }
    crash();
    return report;
  }

  private void follow(LogEntry entry) throws IOException {
    switch (entry) {
      case LogEntry.Marker marker -> expect((Expectation) marker.note());
      case LogEntry.Change change -> change(change);
      case LogEntry.Flush flush -> flush(flush);
      case LogEntry.NameChange change -> pendingNames.add(change);
      case LogEntry.NamesFlush flush -> flushNames(flush);
    }
  }

  private void expect(Expectation next) throws IOException {
    if (expectation != null && isCut(expectation, next)) {
      crash();
    }
    expectation = next;
  }

  private boolean isCut(Expectation before, Expectation next) {
    return (before.acknowledged() && !pending.isEmpty()) || !before.beside().equals(next.beside());
  }

  private void change(LogEntry.Change change) throws IOException {
    boolean forced = change.forced().isPresent() && !change.forced().equals(ignored);
    pending.add(new Pending(change, false));
    if (forced) {
      crash();
      pending.set(pending.size() - 1, new Pending(change, true));
    }
  }

  private void flush(LogEntry.Flush flush) throws IOException {
    if (isIgnored(flush)) {
      return;
    }
    crash();
    List<Pending> others = new ArrayList<>();
    for (Pending each : pending) {
      if (each.change().container() == flush.container()) {
        images.commit(each.change());
      } else {
        others.add(each);
      }
    }
    pending.clear();
    pending.addAll(others);
  }

  private void flushNames(LogEntry.NamesFlush flush) throws IOException {
    if (isIgnored(flush)) {
      return;
    }
    crash();
    pendingNames.forEach(change -> Names.apply(names, change));
    pendingNames.clear();
  }

  private boolean isIgnored(LogEntry.Barrier barrier) {
    return ignored.isPresent() && ignored.get().equals(barrier.site());
  }

  /// Tries the states that a power cut here could leave.
  private void crash() throws IOException {
    Expectation expected = expectation;
    if (expected == null) {
      return;
    }
    List<FateSet> sets = new ArrayList<>();
    fates.choose(pending.size(), pendingNames.size(), sets::add);
    for (FateSet set : sets) {
      if (enough()) {
        return;
      }
      attempt(set, expected);
    }
  }

  private void attempt(FateSet set, Expectation expected) throws IOException {
    images.reset();
    SplittableRandom tear = new SplittableRandom(set.tearSeed());
    for (int i = 0; i < pending.size(); i++) {
      Pending each = pending.get(i);
      images.suffer(each.change(), set.fates()[i], each.forced(), tear);
    }
    Map<String, Integer> crashedNames = names;
    if (set.nameMask() != 0) {
      crashedNames = new TreeMap<>(names);
      for (int i = 0; i < pendingNames.size(); i++) {
        if (set.keepsName(i)) {
          Names.apply(crashedNames, pendingNames.get(i));
        }
      }
    }
    report.tried(nested);
    tried++;
    if (budget.nestedEvery() > 0 && tried % budget.nestedEvery() == 0) {
      verifyAndCrashAgain(set, expected, crashedNames);
    } else {
      verify(
          set,
          expected,
          new SimulatedStorage(images.crashed(), crashedNames, Optional.empty(), tried));
    }
  }

  private void verifyAndCrashAgain(
      FateSet set, Expectation expected, Map<String, Integer> crashedNames) throws IOException {
    List<MemoryContainer> copies = images.crashed().stream().map(MemoryContainer::overlay).toList();
    WriteLog log = new WriteLog();
    if (!verify(
        set, expected, new SimulatedStorage(copies, crashedNames, Optional.of(log), tried))) {
      return;
    }
    Recording recovery = new Recording(log.entries(), images.crashed(), crashedNames);
    String inner = title + "\n  after " + describe(set) + "\n  inside the recovery";
    report.add(recoveries.met(new Recovery(inner, hasTwin, recovery, expected, seed)));
  }

  private boolean verify(FateSet set, Expectation expected, SimulatedStorage storage) {
    try {
      expected.verify(storage);
      return true;
    } catch (IOException | RuntimeException | AssertionError e) {
      report.violated(title + ": " + e + at(e) + "\n  after " + describe(set));
      return false;
    }
  }

  private static String at(Throwable e) {
    StackTraceElement[] trace = e.getStackTrace();
    return e instanceof CrashViolation || trace.length == 0 ? "" : " at " + trace[0];
  }

  private boolean enough() {
    return report.violations() >= budget.maxViolations();
  }

  private static int containers(Recording recording) {
    int highest = recording.before().size() - 1;
    for (LogEntry entry : recording.entries()) {
      if (entry instanceof LogEntry.Change change) {
        highest = Math.max(highest, change.container());
      }
    }
    for (int container : recording.names().values()) {
      highest = Math.max(highest, container);
    }
    return highest + 1;
  }

  private String describe(FateSet set) {
    StringBuilder text = new StringBuilder("entry " + cut + " of the log:");
    for (int i = 0; i < pending.size(); i++) {
      Pending each = pending.get(i);
      text.append("\n    ")
          .append(each.forced() ? "FORCED" : set.fates()[i])
          .append(' ')
          .append(Descriptions.of(each.change()));
    }
    for (int i = 0; i < pendingNames.size(); i++) {
      text.append("\n    ")
          .append(set.keepsName(i) ? Fate.KEPT : Fate.LOST)
          .append(' ')
          .append(pendingNames.get(i));
    }
    return text.toString();
  }

  /// @param forced whether it is durable although its epoch is open
  private record Pending(LogEntry.Change change, boolean forced) {}
}
