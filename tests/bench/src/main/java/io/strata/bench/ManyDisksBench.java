// SPDX-License-Identifier: Apache-2.0
package io.strata.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Many large disks at once in one daemon: its memory, and what 50 active disks reach together
/// against one. Beside one `qemu-nbd` process per disk.
final class ManyDisksBench {
  private static final int DISKS = 200;
  private static final int ACTIVE = 50;
  private static final int PEER_DISKS = 8;
  private static final long DISK_BYTES = 2040 * Scale.GIB;
  private static final long SPAN_BYTES = 32 * Scale.MIB;
  static final String OURS = "strata";
  static final Task MEMORY = Task.cost("memory of 200 open disks of 2 TiB", "MiB");
  private static final Task WRITES = Task.rate("4k write q4, over all disks", "IOPS");

  private ManyDisksBench() {}

  static void run(Scale scale, Results results) throws IOException, InterruptedException {
    try (Scratch scratch = Scratch.create()) {
      ours(scale, results, scratch);
      peers(scale, results, scratch);
    }
    double ratio =
        results.median(WRITES, "strata, 50 disks") / results.median(WRITES, "strata, 1 disk");
    results.target(
        "50 active disks reach together what one reaches alone",
        Results.ratioText(ratio),
        ratio >= 1);
  }

  private static void ours(Scale scale, Results results, Scratch scratch)
      throws IOException, InterruptedException {
    try (DaemonProcess daemon = DaemonProcess.start(scratch, DISKS)) {
      List<String> uris = daemon.uris();
      long pid = daemon.process().pid();
      results.add(MEMORY, OURS, ServerProcess.memoryMib(pid, "VmRSS"));
      load(scale, scratch, uris.subList(0, ACTIVE));
      for (int round = 0; round < scale.rounds(); round++) {
        results.add(WRITES, "strata, 50 disks", load(scale, scratch, uris.subList(0, ACTIVE)));
        results.add(WRITES, "strata, 1 disk", load(scale, scratch, uris.subList(0, 1)));
      }
    }
  }

  /// The same load from as many jobs as there are disks.
  private static double load(Scale scale, Scratch scratch, List<String> uris)
      throws IOException, InterruptedException {
    StringBuilder job =
        new StringBuilder(
            String.format(
                Locale.ROOT,
                "[global]%nioengine=nbd%nrw=randwrite%nbs=4k%niodepth=4%nsize=%d%n"
                    + "time_based=1%nruntime=%dms%nnorandommap=1%nthread=1%n",
                SPAN_BYTES,
                (long) (2000 * scale.seconds())));
    for (int i = 0; i < uris.size(); i++) {
      job.append(String.format(Locale.ROOT, "[disk%d]%nuri=%s%n", i, uris.get(i)));
    }
    Path file = scratch.file("jobs.fio");
    Files.writeString(file, job);
    return Fio.run(List.of("fio", "--output-format=json", file.toString())).iops();
  }

  /// The memory of some processes, counted up to all disks.
  private static void peers(Scale scale, Results results, Scratch scratch)
      throws IOException, InterruptedException {
    List<ServerProcess> servers = new ArrayList<>();
    try {
      for (int i = 0; i < PEER_DISKS; i++) {
        Path image = scratch.file("disk" + i + ".qcow2");
        Path socket = scratch.file("disk" + i + ".sock");
        Command.run(
            "qemu-img", "create", "-q", "-f", "qcow2", image.toString(), Long.toString(DISK_BYTES));
        servers.add(
            ServerProcess.start(
                Peer.qemu("qcow2", "writeback").line(image, socket, false), socket));
      }
      double sum = 0;
      for (ServerProcess server : servers) {
        sum += privateMib(server.process().pid());
      }
      results.add(MEMORY, "qemu-nbd qcow2, x 200", sum / PEER_DISKS * DISKS);
      for (int round = 0; round < scale.rounds(); round++) {
        List<String> uris = servers.stream().map(ServerProcess::uri).toList();
        results.add(WRITES, "qemu qcow2, 8 disks", load(scale, scratch, uris));
        results.add(WRITES, "qemu qcow2, 1 disk", load(scale, scratch, uris.subList(0, 1)));
      }
    } finally {
      for (ServerProcess server : servers) {
        server.close();
      }
    }
  }

  /// Memory without what processes share.
  private static double privateMib(long pid) throws IOException {
    return ServerProcess.memoryMib(pid, "RssAnon");
  }
}
