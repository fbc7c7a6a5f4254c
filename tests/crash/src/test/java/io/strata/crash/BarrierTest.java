// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.sim.BarrierSite;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/// Each barrier of the VHD engine and of the repository, one at a time, is turned into one that
/// does nothing, and some workload must miss it. One that none misses is either not needed or not
/// tested.
final class BarrierTest {
  private static final long SEED = Long.getLong("strata.seed", 1);
  private static final int SEEDS = 24;
  private static final int THOROUGH_SEEDS = 6;

  /// Barriers, by method, that no workload misses, each with how many callers. In a branch: that
  /// the source has its new VHD before the snapshot has its own, which attaching the store puts
  /// right. In a removal, of a volume and in a revert: that space given back stays so, which
  /// attaching the store does again. In a resize through the repository: the last flush of
  /// `VhdEditor.resize`, which the engine's own resize workload does miss; the repository's does
  /// not tell its loss from a resize that was not acknowledged.
  private static final Map<String, Integer> NOT_MISSED =
      Map.of("Branching$Branch.overBase", 1, "Removal.finish", 2, "VhdEditor.resize", 1);

  @Test
  void everyMissingBarrierIsNoticed() throws IOException {
    Map<BarrierSite, List<CrashWorkload>> users = new LinkedHashMap<>();
    for (CrashWorkload workload : Workloads.all()) {
      for (BarrierSite site : Mutations.barriers(workload, SEED, SEEDS)) {
        users.computeIfAbsent(site, s -> new ArrayList<>()).add(workload);
      }
    }
    Map<String, Integer> unnoticed = new TreeMap<>();
    users.forEach((site, workloads) -> {
      if (!noticed(site, workloads)) {
        System.out.println("nothing notices the absence of " + site);
        unnoticed.merge(method(site), 1, Integer::sum);
      }
    });
    System.out.println("barriers taken away: " + users.size() + ", unnoticed: " + unnoticed);
    NOT_MISSED.forEach((method, count) -> unnoticed.remove(method, count));
    assertThat(unnoticed).as("barriers whose absence nothing notices").isEmpty();
    assertThat(users).hasSizeGreaterThan(20);
  }

  private static String method(BarrierSite site) {
    return site.at().substring(0, site.at().lastIndexOf(':'));
  }

  private static boolean noticed(BarrierSite site, List<CrashWorkload> workloads) {
    try {
      return noticed(site, workloads, CrashBudget.brief(), SEEDS)
          || noticed(site, workloads, CrashBudget.thorough(), THOROUGH_SEEDS);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean noticed(
      BarrierSite site, List<CrashWorkload> workloads, CrashBudget budget, int seeds)
      throws IOException {
    for (CrashWorkload workload : workloads) {
      Optional<String> violation = Mutations.firstViolation(workload, site, SEED, seeds, budget);
      if (violation.isPresent()) {
        String first = violation.get().lines().findFirst().orElse("");
        System.out.println("without " + site + ": " + first);
        return true;
      }
    }
    return false;
  }
}
