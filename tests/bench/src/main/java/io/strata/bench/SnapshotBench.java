// SPDX-License-Identifier: Apache-2.0
package io.strata.bench;

import io.strata.manager.VdiSnapshot;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Snapshots: how long a guest waits for that of a very large running disk, and how many of small
/// disks a repository makes, beside `qemu-img create -b`.
final class SnapshotBench {
  private static final long LARGE_BYTES = 2000 * Scale.GIB;
  private static final long SMALL_BYTES = 16 * Scale.MIB;
  private static final int DISKS = 20;
  private static final Task PAUSE = Task.cost("guest's longest write around a snapshot", "ms");
  private static final Task WALL = Task.cost("snapshot of a 2000 GiB disk", "ms");
  private static final Task RATE = Task.rate("snapshots of small disks", "per s");
  private static final String OURS = "strata";
  private static final String QEMU = "qemu-img create -b";

  private SnapshotBench() {}

  static void run(Scale scale, Results results)
      throws IOException, InterruptedException, StorageException {
    try (Scratch scratch = Scratch.create();
        Testbed testbed = Testbed.open(scratch)) {
      running(scale, results, testbed);
      many(scale, results, testbed);
      peer(scale, results, scratch);
    }
    double longest = results.highest(PAUSE, OURS);
    results.target(
        "snapshot of a running 2000 GiB disk: the guest waits 10 ms at most",
        String.format(
            Locale.ROOT, "median %.1f ms, longest %.1f ms", results.median(PAUSE, OURS), longest),
        longest <= 10);
    double rate = results.median(RATE, OURS);
    results.target(
        "snapshots of small disks: at least 100 per s",
        String.format(Locale.ROOT, "%.0f per s", rate),
        rate >= 100);
  }

  private static void running(Scale scale, Results results, Testbed testbed)
      throws IOException, InterruptedException, StorageException {
    VdiUuid vdi = testbed.disk("large", LARGE_BYTES);
    try (GuestConnection disk = testbed.guest(testbed.attach(vdi))) {
      Guest guest = Guest.start(disk, 256 * Scale.MIB);
      Thread.sleep((long) (scale.seconds() * 1000));
      for (int i = 0; i <= 3 * scale.rounds(); i++) {
        int before = guest.writes();
        long start = System.nanoTime();
        testbed.manager().vdiSnapshot(VdiSnapshot.of(vdi));
        double millis = (System.nanoTime() - start) / 1e6;
        Thread.sleep(100);
        // The first one loads classes.
        if (i > 0) {
          results.add(PAUSE, OURS, guest.milliseconds(before, guest.writes()).highest());
          results.add(WALL, OURS, millis);
        }
      }
      int quiet = guest.writes();
      Thread.sleep(500);
      results.add(
          PAUSE, "strata, no snapshot", guest.milliseconds(quiet, guest.writes()).highest());
      guest.stop();
    }
    testbed.detach(vdi);
  }

  private static void many(Scale scale, Results results, Testbed testbed) throws StorageException {
    List<VdiUuid> disks = new ArrayList<>();
    for (int i = 0; i < DISKS; i++) {
      disks.add(testbed.disk("small " + i, SMALL_BYTES));
    }
    for (int round = 0; round <= scale.rounds(); round++) {
      HostMemory.PROBE.touch();
      long start = System.nanoTime();
      for (VdiUuid disk : disks) {
        testbed.manager().vdiSnapshot(VdiSnapshot.of(disk));
      }
      double seconds = (System.nanoTime() - start) / 1e9;
      if (round > 0) {
        results.add(RATE, OURS, DISKS / seconds);
      }
    }
  }

  private static void peer(Scale scale, Results results, Scratch scratch)
      throws IOException, InterruptedException {
    Path large = scratch.file("large.qcow2");
    Path small = scratch.file("small.qcow2");
    Images.qemu(large, "qcow2", LARGE_BYTES, _ -> {});
    Images.qemu(small, "qcow2", SMALL_BYTES, _ -> {});
    for (int round = 0; round < scale.rounds(); round++) {
      results.add(WALL, QEMU, 1000 * create(scratch.file("large-" + round + ".qcow2"), large));
      double seconds = 0;
      for (int i = 0; i < DISKS; i++) {
        seconds += create(scratch.file("small-" + round + "-" + i + ".qcow2"), small);
      }
      results.add(RATE, QEMU, DISKS / seconds);
    }
  }

  private static double create(Path child, Path parent) throws IOException, InterruptedException {
    return Command.seconds(
        "qemu-img",
        "create",
        "-q",
        "-f",
        "qcow2",
        "-F",
        "qcow2",
        "-b",
        parent.toString(),
        child.toString());
  }
}
