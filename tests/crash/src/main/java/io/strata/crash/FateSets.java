// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/// Chooses which fates of the pending changes to try.
///
/// Up to some changes: every subset. More: every prefix, every one lost, every one alone, then
/// random subsets. In addition each change is torn, among others that are kept, lost or random.
final class FateSets {
  /// Largest number of name changes of which every subset is tried.
  private static final int EXHAUSTIVE_NAMES = 3;

  private final SplittableRandom random;
  private final int exhaustive;
  private final int randomSets;

  /// @param exhaustive largest number of changes of which every subset is tried
  /// @param randomSets how many random sets to add to what is always tried
  FateSets(long seed, int exhaustive, int randomSets) {
    this.exhaustive = exhaustive;
    this.random = new SplittableRandom(seed);
    this.randomSets = randomSets;
  }

  /// Hands out the sets one by one.
  void choose(int changes, int nameChanges, Consumer<FateSet> consumer) {
    if (changes <= exhaustive) {
      everySubset(changes, nameChanges, consumer);
    } else {
      everyPrefix(changes, nameChanges, consumer);
      everyException(changes, nameChanges, consumer);
    }
    everyTear(changes, nameChanges, consumer);
    if (changes > 0) {
      for (int i = 0; i < randomSets; i++) {
        consumer.accept(random(changes, nameChanges));
      }
    }
  }

  private void everySubset(int changes, int nameChanges, Consumer<FateSet> consumer) {
    for (long names : nameMasks(nameChanges)) {
      for (int mask = 0; mask < 1 << changes; mask++) {
        FateSet set = FateSet.all(changes, Fate.LOST, names);
        for (int i = 0; i < changes; i++) {
          set.fates()[i] = (mask & (1 << i)) != 0 ? Fate.KEPT : Fate.LOST;
        }
        consumer.accept(set);
      }
    }
  }

  private void everyPrefix(int changes, int nameChanges, Consumer<FateSet> consumer) {
    for (int length = 0; length <= changes; length++) {
      FateSet set = FateSet.all(changes, Fate.LOST, names(nameChanges));
      Arrays.fill(set.fates(), 0, length, Fate.KEPT);
      consumer.accept(set);
    }
  }

  private void everyException(int changes, int nameChanges, Consumer<FateSet> consumer) {
    for (int i = 0; i < changes; i++) {
      FateSet dropped = FateSet.all(changes, Fate.KEPT, names(nameChanges));
      dropped.fates()[i] = Fate.LOST;
      consumer.accept(dropped);
      FateSet alone = FateSet.all(changes, Fate.LOST, names(nameChanges));
      alone.fates()[i] = Fate.KEPT;
      consumer.accept(alone);
    }
  }

  private void everyTear(int changes, int nameChanges, Consumer<FateSet> consumer) {
    for (int i = 0; i < changes; i++) {
      for (Fate others : new Fate[] {Fate.KEPT, Fate.LOST}) {
        FateSet set = FateSet.all(changes, others, names(nameChanges));
        set.fates()[i] = Fate.TORN;
        consumer.accept(new FateSet(set.fates(), random.nextLong(), set.nameMask()));
      }
    }
  }

  private FateSet random(int changes, int nameChanges) {
    Fate[] fates = new Fate[changes];
    int keptInEight = 1 + random.nextInt(7);
    for (int i = 0; i < changes; i++) {
      boolean kept = random.nextInt(8) < keptInEight;
      fates[i] = random.nextInt(6) == 0 ? Fate.TORN : kept ? Fate.KEPT : Fate.LOST;
    }
    return new FateSet(fates, random.nextLong(), names(nameChanges));
  }

  /// Every subset of a few name changes; of more, every prefix and each one alone.
  private static Set<Long> nameMasks(int nameChanges) {
    Set<Long> masks = new LinkedHashSet<>();
    if (nameChanges <= EXHAUSTIVE_NAMES) {
      for (long mask = 0; mask < 1L << nameChanges; mask++) {
        masks.add(mask);
      }
      return masks;
    }
    for (int length = 0; length <= nameChanges; length++) {
      masks.add((1L << length) - 1);
    }
    for (int i = 0; i < nameChanges; i++) {
      masks.add(1L << i);
    }
    return masks;
  }

  private long names(int nameChanges) {
    return random.nextLong() & ((1L << nameChanges) - 1);
  }
}
