// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.sim.BarrierSite;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// The harness itself: it must be silent about a correct store, and loud once a barrier is gone.
final class ToyStoreCrashTest {
  private static final long SEED = Long.getLong("strata.seed", 1);
  private final ToyWorkload workload = new ToyWorkload();

  @Test
  void correctStoreSurvivesEveryCrash() throws IOException {
    CrashReport total = new CrashReport();
    for (long seed = SEED; seed < SEED + 200; seed++) {
      total.add(CrashExplorer.explore(workload, seed, CrashBudget.thorough()));
    }
    System.out.println("toy: " + total);
    assertThat(total.violations()).as(total.toString()).isZero();
    assertThat(total.states()).isGreaterThan(100_000);
  }

  @Test
  void everyMissingBarrierIsNoticed() throws IOException {
    Mutations mutations = Mutations.of(List.of(workload), SEED, 20);
    assertThat(mutations.sites()).hasSizeGreaterThanOrEqualTo(3);
    for (BarrierSite site : mutations.sites()) {
      assertThat(mutations.firstViolation(site, CrashBudget.thorough()))
          .as("without the barrier at " + site)
          .isPresent();
    }
  }

  @Test
  void zeroFilledSpaceHidesWhatPoisonShows() throws IOException {
    BarrierSite data =
        Mutations.of(List.of(workload), SEED, 1).sites().stream()
            .filter(site -> site.at().startsWith("ToyStore.flush"))
            .findFirst()
            .orElseThrow();
    long poisoned = violations(data, CrashBudget.thorough());
    long zeroFilled = violations(data, CrashBudget.thorough().withoutPoison());
    assertThat(poisoned).isGreaterThan(zeroFilled);
  }

  private long violations(BarrierSite ignored, CrashBudget budget) throws IOException {
    CrashBudget unbounded = budget.withMaxViolations(Integer.MAX_VALUE);
    return CrashExplorer.explore(
            workload, workload.record(SEED), SEED, unbounded, Optional.of(ignored))
        .violations();
  }
}
