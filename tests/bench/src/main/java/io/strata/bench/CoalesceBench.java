// SPDX-License-Identifier: Apache-2.0
package io.strata.bench;

import io.strata.block.FileContainer;
import io.strata.vhd.MergeListener;
import io.strata.vhd.TargetUse;
import io.strata.vhd.VhdMerge;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/// Merges a child into its parent, beside `qemu-img commit` of the same data, and compares the
/// space that the children take.
///
/// Neither side deletes or empties its child, so each round merges the same again. Each ends with
/// its flush. Right before it is measured, each side merges a small child too: its code and the
/// caches' pages were touched lately then, for hosts that take a guest's idle memory
/// ([HostMemory]).
final class CoalesceBench {
  private static final String OURS = "strata VHD";
  private static final String FIRST = "strata VHD, first of its process";
  private static final String IN_USE = "strata VHD, parent in use";
  private static final String QEMU = "qemu-img qcow2";

  /// Rounds in which caches and compilers get warm, as a daemon's are that merged before.
  private static final int WARMING_ROUNDS = 6;

  /// Where the compilers are warm already.
  private static final int WARM_ROUNDS = 2;

  private static final long SMALL_BYTES = 16L << 20;
  private static final int SMALL_WRITES = 256;

  private static final Task SPACE = Task.cost("space of scattered 4 KiB in a child", "MiB");

  private final Scale scale;
  private final Results results;
  private final Scratch scratch;
  private final Generation small;
  private boolean merged;

  private CoalesceBench(Scale scale, Results results, Scratch scratch)
      throws IOException, InterruptedException {
    this.scale = scale;
    this.results = results;
    this.scratch = scratch;
    Pair parent = pair("small", SMALL_BYTES, disk -> Fill.dense(disk, SMALL_BYTES, 4));
    small =
        child(
            parent,
            "child",
            disk -> Fill.scattered(disk, SMALL_WRITES, Guest.BLOCK_BYTES, SMALL_BYTES, 5));
  }

  static void run(Scale scale, Results results) throws IOException, InterruptedException {
    try (Scratch scratch = Scratch.create()) {
      new CoalesceBench(scale, results, scratch).run();
    }
  }

  private void run() throws IOException, InterruptedException {
    Images.Content full = disk -> Fill.dense(disk, scale.diskBytes(), 1);
    Images.Content dense = disk -> Fill.dense(disk, scale.diskBytes(), 2);
    Images.Content scattered =
        disk ->
            Fill.scattered(disk, scale.scatteredWrites(), Guest.BLOCK_BYTES, scale.diskBytes(), 3);
    double scatteredMib = scale.scatteredWrites() * (double) Guest.BLOCK_BYTES / Scale.MIB;
    double denseMib = (double) scale.diskBytes() / Scale.MIB;

    Pair onFull = pair("full", scale.diskBytes(), full);
    Task task = Task.rate("coalesce scattered 4 KiB into full", "MiB/s");
    Generation many = child(onFull, "scattered", scattered);
    compare(task, many, scatteredMib, false);
    inUse(task, many, scatteredMib);
    plainWrites(task);
    target("scattered 4 KiB into full: 5x qemu-img commit", task, 5);
    space(scatteredMib);
    task = Task.rate("coalesce dense into full", "MiB/s");
    compare(task, child(onFull, "dense", dense), denseMib, false);
    target("dense into full: 1x qemu-img commit", task, 1);
    onFull.delete();

    Pair onEmpty = pair("empty", scale.diskBytes(), _ -> {});
    task = Task.rate("coalesce dense into empty", "MiB/s");
    compare(task, child(onEmpty, "dense", dense), denseMib, true);
    target("dense into empty: 1x qemu-img commit", task, 1);
    onEmpty.delete();
  }

  /// A parent of both kinds and later its child.
  private record Pair(Path folder, String name) {
    Path vhd() {
      return folder.resolve(name + ".vhd");
    }

    Path qcow2() {
      return folder.resolve(name + ".qcow2");
    }

    void delete() throws IOException {
      Scratch.delete(folder);
    }
  }

  private record Generation(Pair parent, Pair child) {}

  private Pair pair(String name, long sizeBytes, Images.Content content)
      throws IOException, InterruptedException {
    Pair pair = new Pair(scratch.folder(name), "parent");
    Images.vhd(pair.vhd(), sizeBytes, content);
    Images.qemu(pair.qcow2(), "qcow2", sizeBytes, content);
    return pair;
  }

  private Generation child(Pair parent, String name, Images.Content content)
      throws IOException, InterruptedException {
    Pair child = new Pair(parent.folder(), name);
    Images.vhdChild(child.vhd(), parent.vhd(), content);
    Images.qcow2Child(child.qcow2(), parent.qcow2(), content);
    return new Generation(parent, child);
  }

  /// @param fresh whether each round starts with the parent as it was at first
  private void compare(Task task, Generation images, double mib, boolean fresh)
      throws IOException, InterruptedException {
    Pair parent = images.parent();
    Pair saved = new Pair(parent.folder(), "saved");
    if (fresh) {
      Images.copy(parent.vhd(), saved.vhd());
      Images.copy(parent.qcow2(), saved.qcow2());
    }
    for (int round = merged ? -WARM_ROUNDS : -WARMING_ROUNDS; round < rounds(); round++) {
      if (fresh) {
        Images.copy(saved.vhd(), parent.vhd());
        Images.copy(saved.qcow2(), parent.qcow2());
      }
      Command.settle();
      double ours = merge(images);
      Command.settle();
      double qemu = commit(images);
      if (round >= 0) {
        results.add(task, OURS, mib / ours);
        results.add(task, QEMU, mib / qemu);
      } else if (!merged) {
        results.add(task, FIRST, mib / ours);
        merged = true;
      }
    }
    if (fresh) {
      Files.delete(saved.vhd());
      Files.delete(saved.qcow2());
    }
  }

  /// A merge takes a tenth of a second, and whatever else the machine does shows in it.
  private int rounds() {
    return 2 * scale.rounds() + 1;
  }

  /// As a daemon merges where guests read the parent.
  private void inUse(Task task, Generation images, double mib)
      throws IOException, InterruptedException {
    for (int round = 0; round < rounds(); round++) {
      Command.settle();
      results.add(task, IN_USE, mib / merge(images, TargetUse.SHARED));
    }
  }

  /// What the storage takes at most, beside what a merge makes of it.
  private void plainWrites(Task task) throws IOException, InterruptedException {
    PlainWrites plain = new PlainWrites(scratch.file("plain"), scale);
    plain.prepare();
    for (int round = 0; round < scale.rounds(); round++) {
      plain.measure(results, task);
    }
    plain.delete();
  }

  private double merge(Generation images) throws IOException, InterruptedException {
    return merge(images, TargetUse.EXCLUSIVE);
  }

  private double merge(Generation images, TargetUse use) throws IOException, InterruptedException {
    Images.readAnew(images.parent().vhd());
    Images.read(images.child().vhd());
    if (merged) {
      run(small, use);
    }
    return run(images, use);
  }

  private static double run(Generation images, TargetUse use) throws IOException {
    long start = System.nanoTime();
    try (VhdMerge merge =
        VhdMerge.open(
            List.of(
                FileContainer.openReadOnly(images.child().vhd()),
                FileContainer.openReadWrite(images.parent().vhd())),
            1,
            use)) {
      merge.run(0, MergeListener.none());
    }
    return (System.nanoTime() - start) / 1e9;
  }

  private double commit(Generation images) throws IOException, InterruptedException {
    Images.readAnew(images.parent().qcow2());
    Images.read(images.child().qcow2());
    qemu(small);
    return qemu(images);
  }

  private static double qemu(Generation images) throws IOException, InterruptedException {
    String child = images.child().qcow2().toString();
    return Command.seconds(
        "qemu-img", "commit", "-q", "-d", "-t", "writeback", "-f", "qcow2", child);
  }

  private void space(double writtenMib) throws IOException, InterruptedException {
    Path folder = scratch.file("full");
    double ours = Images.storageMib(folder.resolve("scattered.vhd"));
    results.add(SPACE, OURS, ours);
    results.add(SPACE, "qcow2", Images.storageMib(folder.resolve("scattered.qcow2")));
    results.target(
        String.format(
            Locale.ROOT, "%.0f MiB of scattered 4 KiB: at most 1.25x on disk", writtenMib),
        String.format(Locale.ROOT, "%.1f MiB", ours),
        ours <= 1.25 * writtenMib);
  }

  private void target(String text, Task task, double wanted) {
    double ratio = results.ratio(task, OURS, QEMU);
    results.target(text, Results.ratioText(ratio), ratio >= wanted);
  }
}
