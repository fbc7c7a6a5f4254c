// SPDX-License-Identifier: Apache-2.0
package io.strata.bench;

import io.strata.manager.Attachment;
import io.strata.manager.VdiSnapshot;
import io.strata.nbd.NbdClient;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/// A disk with very many snapshots: how long it takes to open, how fast it is read, and how long it
/// takes to become short again while a client writes. Beside a qcow2 chain of the same depth.
final class LongChainBench {
  private static final int LAYER_WRITES = 16;
  private static final int LAYER_WRITE_BYTES = 1 << 16;
  private static final int PEER_DEPTH = 200;
  private static final int TURNS = 10;
  private static final String PLAIN = "strata, no snapshot";

  private final Scale scale;
  private final Results results;
  private final Task open;
  private final Task readFirst = Task.rate("4 KiB random reads, just opened", "per s");
  private final Task read = Task.rate("4 KiB random reads", "per s");
  private final Task destroy = Task.rate("snapshots of one disk destroyed", "per s");
  private final String ours;

  /// Milliseconds that each snapshot took, in their order.
  private final List<Double> taken = new ArrayList<>();

  private LongChainBench(Scale scale, Results results) {
    this.scale = scale;
    this.results = results;
    ours = "strata, " + scale.snapshots() + " snapshots";
    open = Task.cost("opening a disk with many snapshots", "ms");
  }

  static void run(Scale scale, Results results)
      throws IOException, InterruptedException, StorageException {
    new LongChainBench(scale, results).run();
  }

  private void run() throws IOException, InterruptedException, StorageException {
    try (Scratch scratch = Scratch.create();
        Testbed testbed = Testbed.open(scratch)) {
      ours(testbed);
    }
    try (Scratch scratch = Scratch.create()) {
      peer(scratch);
    }
    depth();
    double millis = results.median(open, ours);
    results.target(
        "a disk with " + scale.snapshots() + " snapshots opens in less than 1 s",
        String.format(Locale.ROOT, "%.0f ms", millis),
        millis < 1000);
    double ratio = results.ratio(read, ours, PLAIN);
    results.target(
        "and is read as fast as one without (0.9x)", Results.ratioText(ratio), ratio >= 0.9);
  }

  /// The first tenth of the snapshots beside the last.
  private void depth() {
    int tenth = taken.size() / 10;
    Task task = Task.cost("snapshot of a disk with many snapshots", "ms");
    taken.subList(0, tenth).forEach(ms -> results.add(task, "strata, the first " + tenth, ms));
    taken
        .subList(taken.size() - tenth, taken.size())
        .forEach(ms -> results.add(task, "strata, the last " + tenth, ms));
    double growth =
        results.median(task, "strata, the last " + tenth)
            / results.median(task, "strata, the first " + tenth);
    results.target(
        "the last of them takes at most twice as long as the first",
        Results.ratioText(growth),
        growth <= 2);
  }

  private void ours(Testbed testbed) throws IOException, InterruptedException, StorageException {
    long size = scale.diskBytes() / 4;
    VdiUuid plain = testbed.disk("plain", size);
    VdiUuid vdi = testbed.disk("snapshotted", size);
    List<VdiUuid> snapshots = new ArrayList<>();
    try (NbdClient disk = testbed.connect(testbed.attach(vdi));
        NbdClient other = testbed.connect(testbed.attach(plain))) {
      Fill.dense(other, size, 1);
      Fill.dense(disk, size, 1);
      for (int i = 0; i < scale.snapshots(); i++) {
        Fill.scattered(disk, LAYER_WRITES, LAYER_WRITE_BYTES, size, i);
        long start = System.nanoTime();
        snapshots.add(testbed.manager().vdiSnapshot(VdiSnapshot.of(vdi)));
        taken.add((System.nanoTime() - start) / 1e6);
      }
    }
    testbed.detach(vdi);
    testbed.detach(plain);
    for (int round = 0; round < scale.rounds(); round++) {
      HostMemory.PROBE.touch();
      Attachment first = open(testbed, vdi, ours);
      Attachment second = open(testbed, plain, PLAIN);
      try (NbdClient disk = testbed.connect(first);
          NbdClient other = testbed.connect(second)) {
        readInTurns(readFirst, disk, other);
        readInTurns(read, disk, other);
      }
      testbed.detach(vdi);
      testbed.detach(plain);
    }
    coalesce(testbed, vdi, size, snapshots);
  }

  private Attachment open(Testbed testbed, VdiUuid vdi, String subject) throws StorageException {
    long start = System.nanoTime();
    Attachment attachment = testbed.attach(vdi);
    results.add(open, subject, (System.nanoTime() - start) / 1e6);
    return attachment;
  }

  /// Both at the same places, in short turns: what the machine does meanwhile, it does to both.
  private void readInTurns(Task task, NbdClient disk, NbdClient other) throws IOException {
    Random places = new Random(5);
    Random otherPlaces = new Random(5);
    double seconds = scale.seconds() / TURNS;
    for (int turn = 0; turn < TURNS; turn++) {
      results.add(task, ours, readsPerSecond(disk, places, seconds));
      results.add(task, PLAIN, readsPerSecond(other, otherPlaces, seconds));
    }
  }

  private static double readsPerSecond(NbdClient disk, Random places, double seconds)
      throws IOException {
    ByteBuffer target = ByteBuffer.allocateDirect(Guest.BLOCK_BYTES);
    long blocks = disk.sizeBytes() / Guest.BLOCK_BYTES;
    long start = System.nanoTime();
    long end = start + (long) (seconds * 1e9);
    int reads = 0;
    while (System.nanoTime() < end) {
      disk.read(places.nextLong(blocks) * Guest.BLOCK_BYTES, target.clear());
      reads++;
    }
    return reads * 1e9 / (System.nanoTime() - start);
  }

  private void coalesce(Testbed testbed, VdiUuid vdi, long size, List<VdiUuid> snapshots)
      throws IOException, InterruptedException, StorageException {
    long destroying = System.nanoTime();
    for (VdiUuid snapshot : snapshots) {
      testbed.manager().vdiDestroy(snapshot);
    }
    results.add(destroy, ours, snapshots.size() * 1e9 / (System.nanoTime() - destroying));
    try (GuestConnection disk = testbed.guest(testbed.attach(vdi))) {
      Guest guest = Guest.start(disk, size);
      long start = System.nanoTime();
      testbed.manager().srGc(testbed.sr());
      double seconds = (System.nanoTime() - start) / 1e9;
      int writes = guest.writes();
      guest.stop();
      int nodes = testbed.manager().vdis(testbed.sr()).size();
      results.add(Task.cost("that chain merged while a client writes", "s"), ours, seconds);
      results.target(
          "it becomes one node while a client writes",
          String.format(
              Locale.ROOT,
              "%.1f s, %d nodes left of it, longest write %.0f ms",
              seconds,
              nodes - 1,
              guest.milliseconds(0, writes).highest()),
          nodes <= 3);
    }
  }

  /// qcow2 chains; at most as deep as qemu's limit on open files allows.
  private void peer(Scratch scratch) throws IOException, InterruptedException {
    int depth = Math.min(scale.snapshots(), PEER_DEPTH);
    long size = scale.diskBytes() / 4;
    Path leaf =
        Chains.qcow2(scratch.path(), depth, size, LAYER_WRITES, LAYER_WRITE_BYTES).getLast();
    String subject = "qemu qcow2, " + depth + " snapshots";
    Path socket = scratch.file("nbd.sock");
    for (int round = 0; round < scale.rounds(); round++) {
      long start = System.nanoTime();
      try (ServerProcess server =
              ServerProcess.start(
                  Peer.qemu("qcow2", "writeback").line(leaf, socket, false), socket);
          NbdClient disk = server.client()) {
        results.add(open, subject, (System.nanoTime() - start) / 1e6);
        results.add(readFirst, subject, readsPerSecond(disk, new Random(5), scale.seconds()));
        results.add(read, subject, readsPerSecond(disk, new Random(5), scale.seconds()));
      }
    }
  }
}
