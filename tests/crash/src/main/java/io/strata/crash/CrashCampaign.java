// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/// Explores workloads by turns, with one seed after another, until enough crash states were tried.
///
/// `strata.seed` is the first seed, 1 where it is absent.
final class CrashCampaign {
  private static final long FIRST_SEED = Long.getLong("strata.seed", 1);
  private static final int MOST_THREADS = 8;
  private static final long LONGEST_HOURS = 24;

  private final List<CrashWorkload> workloads;
  private final CrashBudget budget;
  private final long wantedStates;

  // Guarded by this.
  private final CrashReport total = new CrashReport();
  private long handedOut;

  CrashCampaign(List<CrashWorkload> workloads, CrashBudget budget, long wantedStates) {
    this.workloads = List.copyOf(workloads);
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
      long turn;
      synchronized (this) {
        if (total.states() >= wantedStates || total.violations() > 0) {
          return;
        }
        turn = handedOut++;
      }
      CrashReport report = explore(turn);
      synchronized (this) {
        total.add(report);
      }
    }
  }

  private CrashReport explore(long turn) {
    CrashWorkload workload = workloads.get((int) (turn % workloads.size()));
    long seed = FIRST_SEED + turn / workloads.size();
    try {
      return CrashExplorer.explore(workload, seed, budget);
    } catch (IOException | RuntimeException | AssertionError e) {
      CrashReport failed = new CrashReport();
      failed.violated(workload.name() + " -Dstrata.seed=" + seed + " without any crash: " + e);
      return failed;
    }
  }
}
