// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.sim.MemoryContainer;
import io.strata.check.BadImage.Outcome;
import io.strata.vhd.ParentResolver;
import io.strata.vhd.VhdChain;
import io.strata.vhd.VhdCorruptException;
import io.strata.vhd.VhdInfo;
import io.strata.vhd.VhdRejectedException;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(300)
final class BadImagesTest {

  static List<BadImage> all() throws IOException {
    return BadImages.all();
  }

  @Test
  void corpusHoldsHundredsOfDistinctImages() throws IOException {
    Set<String> names = new HashSet<>();
    all().forEach(bad -> names.add(bad.name()));
    assertThat(names).hasSizeGreaterThanOrEqualTo(300).hasSameSizeAs(all());
  }

  @ParameterizedTest
  @MethodSource("all")
  void badImageIsAnsweredAsExpectedAndRepairedWithoutHarm(BadImage bad) throws IOException {
    assertThat(open(bad.image(), bad.parents())).isEqualTo(bad.outcome());
    CheckReport report = check(bad, bad.image());
    switch (bad.outcome()) {
      case CORRUPT, REFUSED ->
          assertThat(report.worst())
              .as("%s: %s", bad.name(), report.findings())
              .contains(Severity.ERROR);
      case WARNED -> assertThat(report.findings()).isNotEmpty();
    }
    assertThat(report.findings())
        .allSatisfy(finding -> {
          assertThat(finding.where().offsetBytes()).isNotNegative();
          assertThat(finding.sentence()).contains("expected").doesNotContain("\0");
        });
    writableOpenNeverThrowsUnchecked(bad);
    repair(bad, report);
  }

  private static void repair(BadImage bad, CheckReport report) throws IOException {
    MemoryContainer image = Images.copy(bad.image());
    RepairPlan plan = VhdRepairer.plan(image, report);
    if (plan.steps().isEmpty()) {
      assertThat(plan.unfixable())
          .hasSameSizeAs(
              report.findings().stream().filter(f -> f.severity() != Severity.INFO).toList());
      return;
    }
    CheckReport after = PlannedRepair.exhaust(image, options(bad));
    assertThat(after.findings().stream().map(Finding::name))
        .isSubsetOf(report.findings().stream().map(Finding::name).toList());
    assertThat(open(image, bad.parents())).isIn(bad.outcome(), Outcome.WARNED);
    if (bad.outcome() == Outcome.WARNED) {
      boolean fixable = report.findings().stream().allMatch(f -> report.fix(f).isPresent());
      assertThat(!fixable || after.findings().isEmpty())
          .as("everything repaired: %s", after.findings())
          .isTrue();
      if (bad.contentKept()) {
        assertThat(Images.content(image, bad.parents()))
            .isEqualTo(Images.content(bad.image(), bad.parents()));
      }
    }
  }

  private static CheckReport check(BadImage bad, MemoryContainer image) throws IOException {
    return VhdChecker.check(image, options(bad));
  }

  private static CheckOptions options(BadImage bad) {
    CheckOptions options = CheckOptions.standard().withParents(bad.parents());
    return bad.outcome() == Outcome.WARNED ? options.withBitmaps() : options;
  }

  private static Outcome open(MemoryContainer image, ParentResolver parents) throws IOException {
    try {
      VhdInfo.read(image);
    } catch (VhdCorruptException e) {
      assertThat(e).hasMessageContaining("expected");
    }
    try (VhdChain chain = VhdChain.open(image.reopen(false), false, parents)) {
      assertThat(chain.sizeBytes()).isPositive();
      return Outcome.WARNED;
    } catch (VhdCorruptException e) {
      return Outcome.CORRUPT;
    } catch (VhdRejectedException e) {
      return Outcome.REFUSED;
    }
  }

  private static void writableOpenNeverThrowsUnchecked(BadImage bad) {
    MemoryContainer image = bad.image().overlay();
    try (VhdChain chain = VhdChain.open(image, true, bad.parents())) {
      chain.write(512, Images.filled(4096, 6));
      chain.flush();
    } catch (IOException e) {
      assertThat(bad.outcome()).isNotEqualTo(Outcome.WARNED);
    }
  }
}
