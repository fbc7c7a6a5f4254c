// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Power cuts under the VHD engine.
final class VhdCrashTest {
  private static final long SEED = Long.getLong("strata.seed", 1);

  @ParameterizedTest
  @EnumSource
  void everyCrashLeavesOldOrNewSectors(VhdWorkload workload) throws IOException {
    long started = System.nanoTime();
    CrashReport total = new CrashReport();
    for (long seed = SEED; total.states() < 20_000 && total.violations() == 0; seed++) {
      total.add(CrashExplorer.explore(workload, seed, CrashBudget.thorough()));
    }
    System.out.println(
        workload + " " + (System.nanoTime() - started) / 1_000_000 + " ms: " + total);
    assertThat(total.violations()).as(total.toString()).isZero();
  }
}
