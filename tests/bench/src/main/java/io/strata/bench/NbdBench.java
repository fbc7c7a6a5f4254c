// SPDX-License-Identifier: Apache-2.0
package io.strata.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/// The NBD server beside the servers that Debian offers: the same fio jobs on unix sockets, one
/// server after another, in rounds.
final class NbdBench {
  private static final List<Peer> PEERS =
      List.of(
          Peer.STRATA_VHD,
          Peer.STRATA_RAW,
          Peer.qemu("raw", "writeback"),
          Peer.qemu("raw", "none"),
          Peer.qemu("vpc", "writeback"),
          Peer.qemu("qcow2", "writeback"),
          Peer.qemu("qcow2", "none"),
          Peer.NBDKIT);

  /// The end of a disk is for the warm-up alone, so that first touches stay such.
  private static final long WARM_BYTES = 64 * Scale.MIB;

  private static final int[] DEPTHS = {1, 8, 30, 200};
  private static final int LAYER_WRITES = 64;
  private static final int LAYER_WRITE_BYTES = 1 << 16;
  private static final Task MEMORY = Task.cost("memory, peak", "MiB");

  private final Scale scale;
  private final Results results;
  private final Scratch scratch;

  private NbdBench(Scale scale, Results results, Scratch scratch) {
    this.scale = scale;
    this.results = results;
    this.scratch = scratch;
  }

  static void disks(Scale scale, Results results) throws IOException, InterruptedException {
    try (Scratch scratch = Scratch.create()) {
      new NbdBench(scale, results, scratch).disks();
    }
  }

  static void chains(Scale scale, Results results) throws IOException, InterruptedException {
    try (Scratch scratch = Scratch.create()) {
      new NbdBench(scale, results, scratch).chains();
    }
  }

  /// The best copy-on-write peer and nbdkit, for each workload.
  static void compare(Results results) {
    for (Task task : List.copyOf(results.tasks().keySet())) {
      if (!task.unit().equals("IOPS") && !task.unit().equals("MiB/s")) {
        continue;
      }
      String ours =
          results.subjects(task).stream()
              .filter(s -> s.startsWith("strata"))
              .findFirst()
              .orElse("");
      Optional<String> best =
          results.best(task, s -> s.startsWith("qemu vpc") || s.startsWith("qemu qcow2"));
      if (best.isPresent() && !ours.isEmpty()) {
        double ratio = results.ratio(task, ours, best.get());
        results.target(
            task.name() + ": as fast as the best copy-on-write peer",
            Results.ratioText(ratio) + " of " + best.get() + kit(results, task),
            ratio >= 1);
      }
    }
  }

  private static String kit(Results results, Task task) {
    if (!results.subjects(task).contains(Peer.NBDKIT.name())) {
      return "";
    }
    return ", "
        + Results.ratioText(results.ratio(task, Peer.STRATA_VHD.name(), Peer.NBDKIT.name()))
        + " of nbdkit on raw; raw against raw "
        + Results.ratioText(results.ratio(task, Peer.STRATA_RAW.name(), Peer.NBDKIT.name()));
  }

  private void disks() throws IOException, InterruptedException {
    Map<String, Path> full = new HashMap<>();
    Map<String, Path> empty = new HashMap<>();
    for (String format : List.of("vhd", "raw", "vpc", "qcow2")) {
      full.put(format, image("full", format, disk -> Fill.dense(disk, scale.diskBytes(), 1)));
      empty.put(format, image("empty", format, _ -> {}));
    }
    for (int round = 0; round < scale.rounds(); round++) {
      for (Peer peer : PEERS) {
        System.err.println("nbd disks: round " + (round + 1) + ", " + peer.name());
        Command.settle();
        onFullDisk(peer, Objects.requireNonNull(full.get(peer.format())));
        for (Workload workload : List.of(Workload.FIRST_4K, Workload.FIRST_1M)) {
          onEmptyDisk(peer, workload, Objects.requireNonNull(empty.get(peer.format())));
        }
      }
    }
  }

  private Path image(String name, String format, Images.Content content)
      throws IOException, InterruptedException {
    Path file = scratch.folder(name + "-" + format).resolve("disk." + format);
    switch (format) {
      case "vhd" -> Images.vhd(file, scale.diskBytes(), content);
      case "raw" -> Images.raw(file, scale.diskBytes(), content);
      default -> Images.qemu(file, format, scale.diskBytes(), content);
    }
    return file;
  }

  private void onFullDisk(Peer peer, Path image) throws IOException, InterruptedException {
    try (ServerProcess server = start(peer, image, false)) {
      warmUp(server);
      for (Workload workload : Workload.ON_FULL_DISK) {
        measure(workload, "", peer.name(), server, scale.diskBytes() - WARM_BYTES);
      }
      results.add(MEMORY, peer.name(), ServerProcess.memoryMib(server.process().pid(), "VmHWM"));
    }
  }

  private void onEmptyDisk(Peer peer, Workload workload, Path empty)
      throws IOException, InterruptedException {
    Path image = scratch.folder("touched").resolve(String.valueOf(empty.getFileName()));
    Images.copy(empty, image);
    try (ServerProcess server = start(peer, image, false)) {
      warmUp(server);
      measure(workload, "", peer.name(), server, scale.diskBytes() - WARM_BYTES);
    }
    Files.delete(image);
  }

  private void chains() throws IOException, InterruptedException {
    int deepest = DEPTHS[DEPTHS.length - 1];
    long size = scale.diskBytes() / 2;
    List<Path> vhds =
        Chains.vhd(scratch.folder("vhd"), deepest, size, LAYER_WRITES, LAYER_WRITE_BYTES);
    List<Path> qcow2s =
        Chains.qcow2(scratch.folder("qcow2"), deepest, size, LAYER_WRITES, LAYER_WRITE_BYTES);
    for (int round = 0; round < scale.rounds(); round++) {
      for (int depth : DEPTHS) {
        onChain(Peer.STRATA_VHD, vhds.get(depth - 1), depth, size);
        onChain(Peer.qemu("qcow2", "writeback"), qcow2s.get(depth - 1), depth, size);
      }
    }
  }

  private void onChain(Peer peer, Path leaf, int depth, long size)
      throws IOException, InterruptedException {
    try (ServerProcess server = start(peer, leaf, true)) {
      Workload first = Workload.ON_CHAIN.getFirst();
      Fio.run(first.line(server.uri(), 0, size, scale.seconds() / 2));
      for (Workload workload : Workload.ON_CHAIN) {
        measure(workload, ", chain of " + depth, peer.name(), server, size);
      }
    }
  }

  private ServerProcess start(Peer peer, Path image, boolean readOnly)
      throws IOException, InterruptedException {
    Path socket = scratch.file("nbd.sock");
    return ServerProcess.start(peer.line(image, socket, readOnly), socket);
  }

  private void warmUp(ServerProcess server) throws IOException, InterruptedException {
    Fio.run(
        Workload.WARM_UP.line(
            server.uri(), scale.diskBytes() - WARM_BYTES, WARM_BYTES, scale.seconds()));
  }

  private void measure(
      Workload workload, String suffix, String subject, ServerProcess server, long spanBytes)
      throws IOException, InterruptedException {
    long before = server.cpuMicros();
    Fio fio = Fio.run(workload.line(server.uri(), 0, spanBytes, scale.seconds()));
    long used = server.cpuMicros() - before;
    results.add(
        workload.task(suffix), subject, workload.bandwidth() ? fio.mibPerSecond() : fio.iops());
    results.add(
        Task.cost(workload.name() + suffix + ": server CPU", "us per I/O"),
        subject,
        (double) used / fio.ios());
  }
}
