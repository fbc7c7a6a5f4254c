// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import io.strata.block.sim.MemoryContainer;
import io.strata.vhd.ParentResolver;
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
        HarmlessRepair.check(image, parents);
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("seed " + seed + ", mutation " + i, e);
      }
    }
  }
}
