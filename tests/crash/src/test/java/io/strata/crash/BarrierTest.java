// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.sim.BarrierSite;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Each barrier of the VHD engine and of the repository, one at a time, is turned into one that
/// does nothing, and some workload must miss it. One that none misses is either not needed or not
/// tested. Which barriers there are is recorded from the code itself, and from its recoveries.
final class BarrierTest {
  private static final long SEED = Long.getLong("strata.seed", 1);
  private static final int SEEDS = 24;
  private static final int RECOVERY_SEEDS = 2;
  private static final int ONE_RECOVERY_IN = 5;
  private static final int THREADS = Math.min(8, Runtime.getRuntime().availableProcessors());

  /// Methods with barriers that no power cut in or after a recovery misses, and how many, counted
  /// for each caller.
  private static final Map<String, Long> HARMLESS =
      Map.of(
          // For the guest that writes to the source although a later step failed. Where all of
          // them are taken, each crash before the last barrier has all of them repeated.
          "Branching.recover", 2L,
          // The image is whole by its footer at the end, as each new one is.
          "VolumeShelf.lambda$draftOver$0", 1L,
          // For the end of a merge, where both are missed. When a store is attached after a power
          // cut, its names are durable; and a draft that comes back is promoted again.
          "VolumeShelf.promote", 2L,
          // For names whose way back could not be made durable: no workload has a failing step.
          "VhdNodes.lambda$recoverAbsorption$0", 1L);

  private static Mutations mutations;

  @BeforeAll
  static void record() throws IOException {
    mutations = Mutations.of(Workloads.all(), SEED, SEEDS);
  }

  @Test
  void everyMissingBarrierIsNoticed() throws IOException, InterruptedException, ExecutionException {
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

  @Test
  void everyMissingBarrierOfARecoveryIsNoticed()
      throws IOException, InterruptedException, ExecutionException {
    RecoveryMutations inRecoveries =
        new RecoveryMutations(Set.copyOf(mutations.sites()), ONE_RECOVERY_IN);
    List<Future<?>> runs = new ArrayList<>();
    try (ExecutorService executor = Executors.newFixedThreadPool(THREADS)) {
      for (int i = 0; i < RECOVERY_SEEDS; i++) {
        long seed = SEED + i;
        for (CrashWorkload workload : Workloads.ofRepositories()) {
          Callable<?> run =
              () -> {
                inRecoveries.explore(workload, seed);
                return workload;
              };
          runs.add(executor.submit(run));
        }
      }
    }
    for (Future<?> run : runs) {
      run.get();
    }
    Map<String, Long> unnoticed = new TreeMap<>();
    inRecoveries
        .verdicts()
        .forEach((site, violation) -> {
          System.out.println(
              "without " + site + ", in a recovery: " + violation.orElse("nothing notices"));
          if (violation.isEmpty()) {
            unnoticed.merge(site.at().replaceFirst(":.*", ""), 1L, Long::sum);
          }
        });
    long harmless = unnoticed.values().stream().mapToLong(Long::longValue).sum();
    int all = inRecoveries.verdicts().size();
    System.out.println(
        "barriers of recoveries taken away: %d, noticed: %d, harmless: %d"
            .formatted(all, all - harmless, harmless));
    assertThat(unnoticed).isEqualTo(HARMLESS);
    assertThat(inRecoveries.verdicts()).hasSizeGreaterThan(9);
  }
}
