// SPDX-License-Identifier: Apache-2.0
package io.strata.bench;

import io.strata.manager.VdiSnapshot;
import io.strata.nbd.NbdClient;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.io.IOException;
import java.util.Locale;

/// What a guest feels of a merge of its running disk: the time of its 4 KiB random writes with and
/// without one, beside qemu's live commit.
final class OnlineMergeBench {
  static final Task TYPICAL = Task.cost("guest's 4 KiB write, p99", "ms");
  static final Task WORST = Task.cost("guest's 4 KiB write, longest", "ms");
  private static final Task DURATION = Task.cost("merge of a running disk", "s");
  private static final String MERGING = "strata, merging";
  private static final String AT_REST = "strata, not merging";

  private OnlineMergeBench() {}

  static void run(Scale scale, Results results)
      throws IOException, InterruptedException, StorageException {
    for (int round = 0; round < scale.rounds(); round++) {
      try (Scratch scratch = Scratch.create();
          Testbed testbed = Testbed.open(scratch)) {
        ours(scale, results, testbed);
      }
      try (Scratch scratch = Scratch.create()) {
        LiveCommit.run(scale, results, scratch);
      }
    }
    double ratio = results.median(TYPICAL, MERGING) / results.median(TYPICAL, AT_REST);
    results.target(
        "p99 of a guest's write during a merge: below 3x", Results.ratioText(ratio), ratio < 3);
    double longest = results.highest(WORST, MERGING);
    results.target(
        "no stall over 100 ms during a merge",
        String.format(Locale.ROOT, "%.1f ms", longest),
        longest <= 100);
  }

  private static void ours(Scale scale, Results results, Testbed testbed)
      throws IOException, InterruptedException, StorageException {
    VdiUuid vdi = testbed.disk("merged", scale.diskBytes());
    try (NbdClient disk = testbed.connect(testbed.attach(vdi))) {
      Fill.dense(disk, scale.diskBytes(), 1);
      VdiUuid snapshot = testbed.manager().vdiSnapshot(VdiSnapshot.of(vdi));
      Fill.dense(disk, scale.diskBytes() / 2, 2);
      Fill.scattered(disk, scale.scatteredWrites(), Guest.BLOCK_BYTES, scale.diskBytes(), 3);
      testbed.manager().vdiDestroy(snapshot);
      Command.settle();

      Guest guest = Guest.start(disk, scale.diskBytes());
      Thread.sleep((long) (scale.seconds() * 500));
      int warm = guest.writes();
      Thread.sleep((long) (scale.seconds() * 2000));
      int before = guest.writes();
      long start = System.nanoTime();
      testbed.manager().srGc(testbed.sr());
      double seconds = (System.nanoTime() - start) / 1e9;
      int after = guest.writes();
      guest.stop();
      add(results, MERGING, guest.milliseconds(before, after));
      add(results, AT_REST, guest.milliseconds(warm, before));
      results.add(DURATION, MERGING, seconds);
    }
    testbed.detach(vdi);
  }

  static void add(Results results, String subject, Samples milliseconds) {
    results.add(TYPICAL, subject, milliseconds.percentile(99));
    results.add(WORST, subject, milliseconds.highest());
  }

  static void duration(Results results, String subject, double seconds) {
    results.add(DURATION, subject, seconds);
  }
}
