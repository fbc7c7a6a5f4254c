// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.sim.BarrierSite;
import java.io.IOException;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/// Each barrier of the VHD engine is taken away in turn, and some workload must miss it. One that
/// none misses is either not needed or not tested.
final class VhdBarrierTest {
  private static final long SEED = Long.getLong("strata.seed", 1);
  private static final int SEEDS = 6;

  @Test
  void everyMissingBarrierIsNoticed() throws IOException {
    TreeMap<String, Set<VhdWorkload>> users = new TreeMap<>();
    TreeMap<String, BarrierSite> sites = new TreeMap<>();
    for (VhdWorkload workload : VhdWorkload.values()) {
      for (BarrierSite site : Mutations.barriers(workload, SEED, 2)) {
        sites.put(site.toString(), site);
        users
            .computeIfAbsent(site.toString(), s -> EnumSet.noneOf(VhdWorkload.class))
            .add(workload);
      }
    }
    List<String> unnoticed =
        sites.values().stream()
            .filter(site -> !noticed(site, users.getOrDefault(site.toString(), Set.of())))
            .map(BarrierSite::toString)
            .toList();
    System.out.println("VHD barriers: " + sites.keySet());
    assertThat(unnoticed).as("barriers whose absence nothing notices").isEmpty();
  }

  private static boolean noticed(BarrierSite site, Set<VhdWorkload> workloads) {
    for (VhdWorkload workload : workloads) {
      try {
        Optional<String> violation =
            Mutations.firstViolation(workload, site, SEED, SEEDS, CrashBudget.thorough());
        if (violation.isPresent()) {
          System.out.println(
              "without " + site + ": " + violation.get().lines().findFirst().orElse(""));
          return true;
        }
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }
    return false;
  }
}
