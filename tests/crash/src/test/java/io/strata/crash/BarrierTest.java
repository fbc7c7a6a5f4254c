// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.sim.BarrierSite;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/// Each barrier of the VHD engine and of the repository, one at a time, is turned into one that
/// does nothing, and some workload must miss it. One that none misses is either not needed or not
/// tested. Which barriers there are is recorded from the code itself.
final class BarrierTest {
  private static final long SEED = Long.getLong("strata.seed", 1);
  private static final int SEEDS = 24;
  private static final int THREADS = Math.min(8, Runtime.getRuntime().availableProcessors());

  @Test
  void everyMissingBarrierIsNoticed() throws IOException, InterruptedException, ExecutionException {
    Mutations mutations = Mutations.of(Workloads.all(), SEED, SEEDS);
    List<Future<Optional<String>>> verdicts = new ArrayList<>();
    try (ExecutorService executor = Executors.newFixedThreadPool(THREADS)) {
      for (BarrierSite site : mutations.sites()) {
        Callable<Optional<String>> attempt = () -> mutations.firstViolation(site);
        verdicts.add(executor.submit(attempt));
      }
    }
    List<String> unnoticed = new ArrayList<>();
    for (int i = 0; i < verdicts.size(); i++) {
      BarrierSite site = mutations.sites().get(i);
      Optional<String> violation = verdicts.get(i).get();
      System.out.println("without " + site + ": " + violation.orElse("nothing notices"));
      if (violation.isEmpty()) {
        unnoticed.add(site.toString());
      }
    }
    System.out.println(
        "barriers taken away: %d, noticed: %d"
            .formatted(verdicts.size(), verdicts.size() - unnoticed.size()));
    assertThat(unnoticed).as("barriers whose absence nothing notices").isEmpty();
    assertThat(verdicts).hasSizeGreaterThan(25);
  }
}
