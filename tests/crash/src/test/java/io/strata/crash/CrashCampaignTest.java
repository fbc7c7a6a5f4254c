// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// Power cuts under the VHD engine and under a repository whose names may get lost in any
/// combination.
///
/// Properties: `strata.crash.states` is how many crash states to try, `strata.verify` chooses that
/// where it is absent, `strata.seed` is the first seed.
final class CrashCampaignTest {

  @Test
  void noCrashLosesWhatWasFlushedOrMixesOldAndNew() throws InterruptedException {
    long states = states();
    CrashReport report = new CrashCampaign(Workloads.all(), CrashBudget.thorough(), states).run();
    System.out.println(report);
    assertThat(report.violations()).as(report.toString()).isZero();
    assertThat(report.states()).isGreaterThanOrEqualTo(states);
  }

  private static long states() {
    String mode = System.getProperty("strata.verify", "quick");
    long usual =
        switch (mode) {
          case "soak" -> 50_000_000;
          case "normal" -> 2_100_000;
          default -> 60_000;
        };
    return Long.getLong("strata.crash.states", usual);
  }
}
