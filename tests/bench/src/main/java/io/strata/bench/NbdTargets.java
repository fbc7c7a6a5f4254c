// SPDX-License-Identifier: Apache-2.0
package io.strata.bench;

import java.util.List;
import java.util.Optional;

/// What the figures of the NBD server are held to.
final class NbdTargets {
  private static final String OURS = Peer.STRATA_VHD.name();
  private static final String KIT = Peer.NBDKIT.name();

  /// Of nbdkit on a raw file: what a format may cost at most.
  private static final double OF_RAW = 0.9;

  private static final double OF_DEPTH_ONE = 0.9;
  private static final double CPU = 3;
  private static final double MOST_MIB = 512;

  private final Results results;

  private NbdTargets(Results results) {
    this.results = results;
  }

  static void judge(Results results) {
    NbdTargets targets = new NbdTargets(results);
    for (Task task : List.copyOf(results.tasks().keySet())) {
      if (task.unit().equals("IOPS") || task.unit().equals("MiB/s")) {
        targets.speed(task);
      }
    }
    targets.depth();
    targets.processor(Task.cost("4k read q16: server CPU", "us per I/O"));
    targets.memory();
  }

  private void speed(Task task) {
    if (!results.subjects(task).contains(OURS)) {
      return;
    }
    results
        .best(task, s -> s.startsWith("qemu vpc") || s.startsWith("qemu qcow2"))
        .ifPresent(peer -> atLeast(task.name(), task, peer, 1));
    if (results.subjects(task).contains(KIT)) {
      atLeast(task.name(), task, KIT, OF_RAW);
    }
  }

  private void atLeast(String what, Task task, String peer, double wanted) {
    double ratio = results.ratio(task, OURS, peer);
    results.target(
        what + ": at least " + Results.ratioText(wanted) + " of " + peer,
        Results.ratioText(ratio),
        ratio >= wanted);
  }

  private void depth() {
    for (Workload workload : Workload.ON_CHAIN) {
      if (!results.subjects(workload.task(chain(1))).contains(OURS)) {
        continue;
      }
      double one = results.median(workload.task(chain(1)), OURS);
      for (int depth : NbdBench.DEPTHS) {
        Task task = workload.task(chain(depth));
        if (depth > 1 && results.subjects(task).contains(OURS)) {
          double ratio = results.median(task, OURS) / one;
          results.target(
              task.name() + ": at least " + Results.ratioText(OF_DEPTH_ONE) + " of a chain of 1",
              Results.ratioText(ratio),
              ratio >= OF_DEPTH_ONE);
        }
      }
    }
  }

  static String chain(int depth) {
    return ", chain of " + depth;
  }

  private void processor(Task task) {
    Optional<String> best = results.best(task, s -> s.startsWith("qemu"));
    best.ifPresent(peer -> {
      double ratio = results.ratio(task, OURS, peer);
      results.target(
          task.name() + ": at most a third of qemu-nbd's",
          "1/" + Results.number(ratio) + " of " + peer,
          ratio >= CPU);
    });
  }

  private void memory() {
    if (results.tasks().containsKey(ManyDisksBench.MEMORY)) {
      double mib = results.median(ManyDisksBench.MEMORY, ManyDisksBench.OURS);
      results.target(
          ManyDisksBench.MEMORY.name() + ": at most 512 MiB",
          Results.number(mib) + " MiB",
          mib <= MOST_MIB);
    }
  }
}
