// SPDX-License-Identifier: Apache-2.0
package io.strata.bench;

import io.strata.manager.Attachment;
import io.strata.manager.VdiSnapshot;
import io.strata.nbd.NbdClient;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.io.IOException;
import java.util.Locale;

/// What a guest feels of a merge of its running disk: the time of its 4 KiB random writes with and
/// without one, beside qemu's live commit.
final class OnlineMergeBench {
  static final String OURS = "strata";
  static final String QEMU = "qemu";
  private static final Task TYPICAL = Task.cost("guest's 4 KiB write, p99", "ms");
  private static final Task RARE = Task.cost("guest's 4 KiB write, p99.9", "ms");
  private static final Task WORST = Task.cost("guest's 4 KiB write, longest", "ms");
  private static final Task FELT = Task.cost("p99 merging, of the same round's not merging", "x");
  private static final Task DURATION = Task.cost("merge of a running disk", "s");
  private static final String MERGING = ", merging";
  private static final String AT_REST = ", not merging";

  /// How long a guest is watched without a merge, for each second of a timed load: the interval of
  /// the daemon's own flush, so that it comes once, as during a merge.
  private static final int REST_SECONDS = 5;

  private OnlineMergeBench() {}

  /// Merges a running disk.
  @FunctionalInterface
  interface Merge {
    void run() throws IOException, StorageException;
  }

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
    double felt = results.median(FELT, OURS);
    results.target(
        "p99 of a guest's write during a merge: below 3x", Results.ratioText(felt), felt < 3);
    double longest = results.highest(WORST, OURS + MERGING);
    results.target(
        "no stall over 100 ms during a merge",
        String.format(Locale.ROOT, "%.1f ms", longest),
        longest <= 100);
  }

  private static void ours(Scale scale, Results results, Testbed testbed)
      throws IOException, InterruptedException, StorageException {
    VdiUuid vdi = testbed.disk("merged", scale.diskBytes());
    Attachment attachment = testbed.attach(vdi);
    try (NbdClient disk = testbed.connect(attachment)) {
      Fill.dense(disk, scale.diskBytes(), 1);
      VdiUuid snapshot = testbed.manager().vdiSnapshot(VdiSnapshot.of(vdi));
      Fill.dense(disk, scale.diskBytes() / 2, 2);
      Fill.scattered(disk, scale.scatteredWrites(), Guest.BLOCK_BYTES, scale.diskBytes(), 3);
      testbed.manager().vdiDestroy(snapshot);
    }
    Command.settle();
    try (GuestConnection disk = testbed.guest(attachment)) {
      watch(scale, results, OURS, disk, () -> testbed.manager().srGc(testbed.sr()));
    }
    testbed.detach(vdi);
  }

  /// Watches a guest's writes without a merge and during one.
  ///
  /// @param server who serves the disk
  static void watch(Scale scale, Results results, String server, GuestConnection disk, Merge merge)
      throws IOException, InterruptedException, StorageException {
    Guest guest = Guest.start(disk, scale.diskBytes());
    Thread.sleep((long) (scale.seconds() * 500));
    int warm = guest.writes();
    Thread.sleep((long) (scale.seconds() * REST_SECONDS * 1000));
    int before = guest.writes();
    long start = System.nanoTime();
    merge.run();
    double seconds = (System.nanoTime() - start) / 1e9;
    int after = guest.writes();
    guest.stop();
    Samples merging = guest.milliseconds(before, after);
    Samples atRest = guest.milliseconds(warm, before);
    results.add(TYPICAL, server + MERGING, merging.percentile(99));
    results.add(TYPICAL, server + AT_REST, atRest.percentile(99));
    results.add(RARE, server + MERGING, merging.percentile(99.9));
    results.add(RARE, server + AT_REST, atRest.percentile(99.9));
    results.add(FELT, server, merging.percentile(99) / atRest.percentile(99));
    results.add(WORST, server + MERGING, merging.highest());
    results.add(WORST, server + AT_REST, atRest.highest());
    results.add(DURATION, server, seconds);
  }
}
