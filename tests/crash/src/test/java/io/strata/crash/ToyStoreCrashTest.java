// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.sim.BarrierSite;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;
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
    Set<BarrierSite> sites = Mutations.barriers(workload, SEED, 1);
    assertThat(sites).hasSizeGreaterThanOrEqualTo(3);
    for (BarrierSite site : sites) {
      assertThat(Mutations.firstViolation(workload, site, SEED, 20, CrashBudget.thorough()))
          .as("without the barrier at " + site)
          .isPresent();
    }
  }

  @Test
  void zeroFilledSpaceHidesWhatPoisonShows() throws IOException {
    BarrierSite data =
        Mutations.barriers(workload, SEED, 1).stream()
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
