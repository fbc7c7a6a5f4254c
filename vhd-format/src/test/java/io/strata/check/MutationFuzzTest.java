// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.sim.MemoryContainer;
import io.strata.vhd.ParentResolver;
import io.strata.vhd.VhdChain;
import io.strata.vhd.VhdInfo;
import java.io.IOException;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Random damage to metadata: nothing throws unchecked, nothing hangs, and a repair never harms.
@Timeout(600)
final class MutationFuzzTest {
  private static final int MUTATIONS = 20_000;

  @Test
  void randomDamageIsAnsweredAndRepairedWithoutHarm() throws IOException {
    long seed = Long.getLong("strata.seed", new Random().nextLong());
    System.out.println("MutationFuzzTest: -Dstrata.seed=" + seed);
    Random random = new Random(seed);
    MemoryContainer parent = Images.dynamic();
    ParentResolver parents = Images.among(parent);
    List<MemoryContainer> images =
        List.of(parent, Images.child(parent, Images.CHILD, "child.vhd"), Images.fixed());
    List<MemoryContainer> overlays = images.stream().map(MemoryContainer::overlay).toList();
    long table = Images.tableAt(parent);
    for (int i = 0; i < MUTATIONS; i++) {
      MemoryContainer image = overlays.get(random.nextInt(overlays.size()));
      image.reset();
      Mutator.mutate(image, table, random);
      try {
        tryAll(image, parents);
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("seed " + seed + ", mutation " + i, e);
      }
    }
  }

  private static void tryAll(MemoryContainer image, ParentResolver parents) throws IOException {
    boolean opened = opens(image, parents);
    try {
      VhdInfo.read(image);
    } catch (IOException e) {
      assertThat(opened).as("%s", e).isFalse();
    }
    CheckOptions options = CheckOptions.standard().withParents(parents);
    CheckReport report = VhdChecker.check(image, options);
    assertThat(opened || report.worst().stream().anyMatch(Severity.ERROR::equals))
        .as("what is not opened has an error: %s", report.findings())
        .isTrue();
    RepairPlan plan = VhdRepairer.plan(image, report);
    VhdRepairer.apply(image, plan);
    CheckReport after = VhdChecker.check(image, options);
    assertThat(plan.more() ? List.of() : VhdRepairer.plan(image, after).steps())
        .as("a second repair of %s", after.findings())
        .isEmpty();
    assertThat(opens(image, parents)).isEqualTo(opened);
  }

  private static boolean opens(MemoryContainer image, ParentResolver parents) {
    try (VhdChain chain = VhdChain.open(image.reopen(false), false, parents)) {
      return chain.sizeBytes() > 0;
    } catch (IOException e) {
      return false;
    }
  }
}
