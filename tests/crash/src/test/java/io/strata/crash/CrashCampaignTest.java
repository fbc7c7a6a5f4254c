// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Power cuts under the VHD engine, under a repository whose names may get lost in any combination,
/// and under a daemon with its catalog.
///
/// `strata.seed` is the first seed; see [StatesTried] for the number of states.
final class CrashCampaignTest {

  @Test
  void noCrashLosesWhatWasFlushedOrMixesOldAndNew() throws IOException, InterruptedException {
    long states = StatesTried.wanted(60_000, 2_100_000, 6_000_000);
    CrashReport report = new CrashCampaign(Workloads.all(), CrashBudget.thorough(), states).run();
    StatesTried.note("storage", report);
    assertThat(report.violations()).as(report.toString()).isZero();
    assertThat(report.states()).isGreaterThanOrEqualTo(states);
  }

  /// A state of these is a restart, with the catalog as of its last commit.
  @Test
  void noCrashOfADaemonLosesADiskOrLeavesOneThatNobodyKnows()
      throws IOException, InterruptedException {
    long states = StatesTried.wanted(800, 8_000, 24_000);
    CrashReport report =
        new CrashCampaign(List.of(new DaemonWorkload()), CrashBudget.thorough(), states).run();
    StatesTried.note("daemon", report);
    assertThat(report.violations()).as(report.toString()).isZero();
    assertThat(report.states()).isGreaterThanOrEqualTo(states);
  }
}
