// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// A merge that goes on before its direct writes are made must be noticed, as a missing barrier is.
final class DrainTest {
  private static final int SEEDS = 8;
  private static final VhdWorkload WORKLOAD = VhdWorkload.MERGE_FIXED;

  @Test
  void missingDrainIsNoticed() throws IOException {
    for (long seed = 1; seed <= SEEDS; seed++) {
      VhdRig rig = new VhdRig(seed, WORKLOAD.sizeBytes());
      rig.withoutDrains();
      assertThat(noticed(rig, seed)).as("nothing is drained, seed " + seed).isTrue();
    }
  }

  /// Whether a guest reads what it did not write, now or after a crash.
  private static boolean noticed(VhdRig rig, long seed) throws IOException {
    try {
      WORKLOAD.perform(rig);
    } catch (AssertionError readOtherwise) {
      return true;
    }
    CrashBudget budget = WORKLOAD.budget(CrashBudget.brief()).withMaxViolations(1);
    CrashReport report =
        CrashExplorer.explore(WORKLOAD, rig.recording(), seed, budget, Optional.empty());
    return report.violations() > 0;
  }
}
