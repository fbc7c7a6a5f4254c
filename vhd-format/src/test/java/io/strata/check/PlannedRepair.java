// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.sim.MemoryContainer;
import java.io.IOException;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// What a check says can be repaired is what a repair does: every finding that it announced is gone
/// afterwards, and nothing is written that no finding announced.
final class PlannedRepair {
  /// Repairs that an image may take, since some repairs show what else there is.
  private static final int MOST_ROUNDS = 4;

  private PlannedRepair() {}

  /// Repairs an image until nothing more can be.
  ///
  /// @return what is left
  static CheckReport exhaust(MemoryContainer image, CheckOptions options) throws IOException {
    CheckReport report = VhdChecker.check(image, options);
    for (int round = 0; round < MOST_ROUNDS; round++) {
      RepairPlan plan = VhdRepairer.plan(image, report);
      assertAnnounced(report, plan);
      if (plan.steps().isEmpty()) {
        return report;
      }
      AnnouncedRepair.apply(image, plan);
      CheckReport after = VhdChecker.check(image, options);
      assertMended(report, plan, after);
      report = after;
    }
    throw new AssertionError("after " + MOST_ROUNDS + " repairs: " + report.findings());
  }

  private static void assertAnnounced(CheckReport report, RepairPlan plan) {
    Set<Fix> announced = EnumSet.noneOf(Fix.class);
    for (Finding finding : report.findings()) {
      Optional<Fix> fix = report.own(finding) ? report.fix(finding) : Optional.empty();
      fix.ifPresent(announced::add);
      boolean left = finding.severity() != Severity.INFO && fix.isEmpty();
      assertThat(plan.unfixable().contains(finding)).as("%s", finding).isEqualTo(left);
    }
    Set<Fix> planned = EnumSet.noneOf(Fix.class);
    plan.steps().forEach(step -> planned.add(step.fix()));
    if (planned.contains(Fix.INTERRUPTED_GROWTH)) {
      // The footer's fields are put right as it moves.
      announced.remove(Fix.FOOTERS);
    }
    assertThat(planned).as("%s for %s", plan.steps(), report.findings()).isEqualTo(announced);
    assertThat(report.repairable()).isEqualTo(!plan.steps().isEmpty());
  }

  private static void assertMended(CheckReport report, RepairPlan plan, CheckReport after) {
    List<Finding> left =
        report.findings().stream()
            .filter(finding -> report.own(finding) && report.fix(finding).isPresent())
            .filter(after.findings()::contains)
            .toList();
    assertThat(plan.more() ? List.of() : left)
        .as("left by %s of %s", plan.steps(), report.findings())
        .isEmpty();
    assertThat(plan.more() || !after.repairable())
        .as("left to repair after %s: %s", plan.steps(), after.findings())
        .isTrue();
  }
}
