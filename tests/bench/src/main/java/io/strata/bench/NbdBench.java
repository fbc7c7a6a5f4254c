// SPDX-License-Identifier: Apache-2.0
package io.strata.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

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

  /// First touches are compared with the formats that have a table, and with the raw file.
  private static final List<Peer> FIRST_TOUCHED =
      PEERS.stream().filter(peer -> peer.copyOnWrite() || peer.kind() != Peer.Kind.QEMU).toList();

  /// The end of a disk is for the warm-up alone, so that first touches stay such.
  private static final long WARM_BYTES = 64 * Scale.MIB;

  /// Seconds of warm-up for each of a load: a compiler that is still at work takes a processor.
  private static final double WARM_UP = 2;

  static final List<Integer> DEPTHS = List.of(1, 8, 30, 200);
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

  private void disks() throws IOException, InterruptedException {
    Map<String, Path> full = new HashMap<>();
    Map<String, Path> empty = new HashMap<>();
    for (String format : List.of("vhd", "raw", "vpc", "qcow2")) {
      full.put(format, image("full", format, disk -> Fill.dense(disk, scale.diskBytes(), 1)));
      empty.put(format, image("empty", format, _ -> {}));
    }
    Map<Peer, Path> images = new LinkedHashMap<>();
    for (Peer peer : PEERS) {
      Path image = scratch.folder(peer.fileName()).resolve("disk." + peer.format());
      Images.copy(Objects.requireNonNull(full.get(peer.format())), image);
      images.put(peer, image);
    }
    for (int round = 0; round < scale.rounds(); round++) {
      System.err.println("nbd disks: round " + (round + 1));
      onFullDisks(images);
      for (Workload workload : List.of(Workload.FIRST_4K, Workload.FIRST_1M)) {
        for (Peer peer : scale.wants(workload) ? FIRST_TOUCHED : List.<Peer>of()) {
          onEmptyDisk(peer, workload, Objects.requireNonNull(empty.get(peer.format())));
        }
      }
    }
  }

  /// One load after another, and each on one server after another: what changes on the machine over
  /// time meets all servers alike. Those that are not being loaded have nothing to do.
  private void onFullDisks(Map<Peer, Path> images) throws IOException, InterruptedException {
    List<Workload> workloads = Workload.ON_FULL_DISK.stream().filter(scale::wants).toList();
    Map<Peer, ServerProcess> servers = new LinkedHashMap<>();
    try {
      for (Map.Entry<Peer, Path> image :
          workloads.isEmpty() ? List.<Map.Entry<Peer, Path>>of() : images.entrySet()) {
        ServerProcess server = start(image.getKey(), image.getValue());
        servers.put(image.getKey(), server);
        warmUp(server);
      }
      for (Workload workload : workloads) {
        for (Map.Entry<Peer, ServerProcess> server : servers.entrySet()) {
          Command.settle();
          measure(
              workload,
              "",
              server.getKey().name(),
              server.getValue(),
              scale.diskBytes() - WARM_BYTES);
        }
      }
      for (Map.Entry<Peer, ServerProcess> server : servers.entrySet()) {
        long pid = server.getValue().process().pid();
        results.add(MEMORY, server.getKey().name(), ServerProcess.memoryMib(pid, "VmHWM"));
      }
    } finally {
      servers.values().forEach(ServerProcess::close);
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

  private void onEmptyDisk(Peer peer, Workload workload, Path empty)
      throws IOException, InterruptedException {
    Path image = scratch.folder("touched").resolve(String.valueOf(empty.getFileName()));
    Images.copy(empty, image);
    try (ServerProcess server = start(peer, image)) {
      warmUp(server);
      Command.settle();
      measure(workload, "", peer.name(), server, scale.diskBytes() - WARM_BYTES);
    }
    Files.delete(image);
  }

  private void chains() throws IOException, InterruptedException {
    int deepest = DEPTHS.getLast();
    long size = scale.diskBytes() / 2;
    List<Path> vhds =
        Chains.vhd(scratch.folder("vhd"), deepest, size, LAYER_WRITES, LAYER_WRITE_BYTES);
    List<Path> qcow2s =
        Chains.qcow2(scratch.folder("qcow2"), deepest, size, LAYER_WRITES, LAYER_WRITE_BYTES);
    for (int round = 0; round < scale.rounds(); round++) {
      System.err.println("nbd chains: round " + (round + 1));
      onChains(vhds, qcow2s, size);
    }
  }

  /// A chain that is served.
  private record Served(Peer peer, int depth, ServerProcess server) {}

  /// As on full disks: every chain is served at once, and each load goes to one after the other.
  private void onChains(List<Path> vhds, List<Path> qcow2s, long size)
      throws IOException, InterruptedException {
    List<Served> chains = new ArrayList<>();
    try {
      for (int depth : DEPTHS) {
        chains.add(serve(Peer.STRATA_VHD, vhds.get(depth - 1), depth));
        chains.add(serve(Peer.qemu("qcow2", "writeback"), qcow2s.get(depth - 1), depth));
      }
      for (Served chain : chains) {
        for (Workload workload : Workload.ON_CHAIN) {
          Fio.run(workload.line(chain.server().uri(), 0, size, scale.seconds()));
        }
      }
      for (Workload workload : Workload.ON_CHAIN) {
        for (Served chain : chains) {
          measure(
              workload, NbdTargets.chain(chain.depth()), chain.peer().name(), chain.server(), size);
        }
      }
    } finally {
      chains.forEach(chain -> chain.server().close());
    }
  }

  private Served serve(Peer peer, Path leaf, int depth) throws IOException, InterruptedException {
    Path socket = scratch.file(peer.fileName() + "-" + depth + ".sock");
    return new Served(peer, depth, ServerProcess.start(peer.line(leaf, socket, true), socket));
  }

  private ServerProcess start(Peer peer, Path image) throws IOException, InterruptedException {
    Path socket = scratch.file(peer.fileName() + ".sock");
    return ServerProcess.start(peer.line(image, socket, false), socket);
  }

  private void warmUp(ServerProcess server) throws IOException, InterruptedException {
    Fio.run(
        Workload.WARM_UP.line(
            server.uri(), scale.diskBytes() - WARM_BYTES, WARM_BYTES, WARM_UP * scale.seconds()));
  }

  private void measure(
      Workload workload, String suffix, String subject, ServerProcess server, long spanBytes)
      throws IOException, InterruptedException {
    // One request at a time takes ten times as long where client and server are on different
    // processors than where the scheduler put them on one: so it must not have the choice.
    boolean pinned = workload.alone() && Runtime.getRuntime().availableProcessors() > 1;
    List<String> line = new ArrayList<>();
    if (pinned) {
      server.pin("1");
      line.addAll(List.of("taskset", "-c", "0"));
    }
    line.addAll(workload.line(server.uri(), 0, spanBytes, scale.loadSeconds()));
    long before = server.cpuMicros();
    Fio fio = Fio.run(line);
    long used = server.cpuMicros() - before;
    if (pinned) {
      server.pin("0-" + (Runtime.getRuntime().availableProcessors() - 1));
    }
    results.add(
        workload.task(suffix), subject, workload.bandwidth() ? fio.mibPerSecond() : fio.iops());
    results.add(
        Task.cost(workload.name() + suffix + ": server CPU", "us per I/O"),
        subject,
        (double) used / fio.ios());
  }
}
