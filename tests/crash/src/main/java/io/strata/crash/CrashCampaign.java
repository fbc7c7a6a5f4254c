// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/// Explores workloads by their shares, with one seed after another, until enough crash states were
/// tried.
///
/// `strata.seed` is the first seed, 1 where it is absent.
final class CrashCampaign {
  private static final long FIRST_SEED = Long.getLong("strata.seed", 1);
  private static final int MOST_THREADS = 8;
  private static final long LONGEST_HOURS = 24;

  private final CrashBudget budget;
  private final long wantedStates;

  // Guarded by this.
  private final List<Lane> lanes;
  // Guarded by this.
  private final CrashReport total = new CrashReport();

  CrashCampaign(List<CrashWorkload> workloads, CrashBudget budget, long wantedStates) {
    this.lanes = workloads.stream().map(Lane::new).toList();
    this.budget = budget;
    this.wantedStates = wantedStates;
  }

  CrashReport run() throws InterruptedException {
    int threads = Math.min(MOST_THREADS, Runtime.getRuntime().availableProcessors());
    try (ExecutorService executor = Executors.newFixedThreadPool(threads)) {
      for (int i = 0; i < threads; i++) {
        executor.execute(this::work);
      }
      executor.shutdown();
      if (!executor.awaitTermination(LONGEST_HOURS, TimeUnit.HOURS)) {
        executor.shutdownNow();
        throw new AssertionError("not done after " + LONGEST_HOURS + " hours");
      }
    }
    synchronized (this) {
      return total;
    }
  }

  private void work() {
    while (true) {
      Lane lane;
      long seed;
      synchronized (this) {
        if (total.states() >= wantedStates || total.violations() > 0) {
          return;
        }
        lane = lanes.stream().min(Comparator.comparingDouble(Lane::progress)).orElseThrow();
        seed = lane.nextSeed++;
        lane.running++;
      }
      CrashReport report = explore(lane.workload, seed);
      synchronized (this) {
        lane.running--;
        lane.states += report.states();
        total.add(report);
      }
    }
  }

  private CrashReport explore(CrashWorkload workload, long seed) {
    try {
      return CrashExplorer.explore(workload, seed, budget);
    } catch (IOException | RuntimeException | AssertionError e) {
      CrashReport failed = new CrashReport();
      failed.violated(workload.name() + " -Dstrata.seed=" + seed + " without any crash: " + e);
      return failed;
    }
  }

  /// How far a workload is.
  private static final class Lane {
    final CrashWorkload workload;
    long nextSeed = FIRST_SEED;
    long states;
    int running;

    Lane(CrashWorkload workload) {
      this.workload = workload;
    }

    /// What is under way counts as much as what was done on average.
    double progress() {
      long started = nextSeed - FIRST_SEED;
      long done = started - running;
      double perTurn = done == 0 ? 1 : (double) states / done;
      return started * perTurn / workload.share();
    }
  }
}
