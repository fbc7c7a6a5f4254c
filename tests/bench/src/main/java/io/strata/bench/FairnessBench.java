// SPDX-License-Identifier: Apache-2.0
package io.strata.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// What the exports of one server leave each other while all of them ask for as much as they can:
/// as many clients as exports, and one export with more clients than another.
///
/// Clients and servers on several processors get what the kernel's choice of processors leaves
/// them, which differs for as long as the load runs; so equal exports are also measured on one
/// processor, where only what the server does tells them apart.
///
/// Beside `nbdkit file`, as one process with all exports and as one process for each.
final class FairnessBench {
  private static final int EXPORTS = 8;
  private static final int BUSY_CONNECTIONS = 4;
  private static final int BUSY_DEPTH = 32;
  private static final int DEPTH = 16;
  private static final long SPAN_BYTES = 32 * Scale.MIB;

  /// Equal exports may differ by so much.
  private static final double LEAST_OF_MOST = 0.9;

  private static final String ONE_PROCESSOR = ", all on one processor";

  private static final String ONE = "0";
  private static final String ALL = "0-" + (Runtime.getRuntime().availableProcessors() - 1);
  private static final String OURS = "strata";
  private static final String EQUAL = EXPORTS + " exports, 4k read q" + DEPTH;

  private final Scale scale;
  private final Results results;
  private final Scratch scratch;

  private FairnessBench(Scale scale, Results results, Scratch scratch) {
    this.scale = scale;
    this.results = results;
    this.scratch = scratch;
  }

  /// A server, or several, with the URIs of its exports.
  private record Subject(String name, List<String> uris, List<Long> pids) {

    private void pin(String processors) throws IOException, InterruptedException {
      for (long pid : pids) {
        ServerProcess.pin(pid, processors);
      }
    }
  }

  /// A client's load on one export.
  private record Client(String uri, int depth) {}

  static void run(Scale scale, Results results) throws IOException, InterruptedException {
    try (Scratch scratch = Scratch.create()) {
      new FairnessBench(scale, results, scratch).run();
    }
    double least = results.median(least(ONE_PROCESSOR), OURS);
    results.target(
        EQUAL + ONE_PROCESSOR + ": the least gets at least 0.9 of what the most gets",
        Results.number(least),
        least >= LEAST_OF_MOST);
  }

  private static Task least(String where) {
    return Task.rate(EQUAL + where + ", least of most", "ratio");
  }

  private void run() throws IOException, InterruptedException {
    Path images = scratch.folder("raw");
    List<ServerProcess> kits = new ArrayList<>();
    try (DaemonProcess daemon = DaemonProcess.start(scratch, EXPORTS)) {
      Subject ours = new Subject(OURS, daemon.uris(), List.of(daemon.process().pid()));
      fill(ours);
      for (int i = 0; i < EXPORTS; i++) {
        Path image = images.resolve("disk" + i);
        Images.raw(image, SPAN_BYTES, disk -> Fill.dense(disk, SPAN_BYTES, 1));
        kits.add(nbdkit("kit" + i, image.toString(), ""));
      }
      kits.add(nbdkit("kit", "dir=" + images, "disk0"));
      Subject kit =
          new Subject(
              "nbdkit raw, one process",
              exportsOf(kits.getLast()),
              List.of(kits.getLast().process().pid()));
      List<ServerProcess> eachKit = kits.subList(0, EXPORTS);
      Subject each =
          new Subject(
              "nbdkit raw, one process each",
              eachKit.stream().map(ServerProcess::uri).toList(),
              eachKit.stream().map(server -> server.process().pid()).toList());
      for (int round = 0; round < scale.rounds(); round++) {
        for (Subject subject : List.of(ours, kit, each)) {
          equal(subject, "", ALL);
          subject.pin(ONE);
          equal(subject, ONE_PROCESSOR, ONE);
          subject.pin(ALL);
          beside(subject, 1);
          beside(subject, DEPTH);
        }
      }
    } finally {
      kits.forEach(ServerProcess::close);
    }
  }

  private ServerProcess nbdkit(String name, String served, String export)
      throws IOException, InterruptedException {
    Path socket = scratch.file(name + ".sock");
    return ServerProcess.start(
        List.of("nbdkit", "-f", "-U", socket.toString(), "file", served), socket, export);
  }

  private static List<String> exportsOf(ServerProcess server) {
    List<String> uris = new ArrayList<>();
    for (int i = 0; i < EXPORTS; i++) {
      uris.add("nbd+unix:///disk" + i + "?socket=" + server.socket());
    }
    return uris;
  }

  /// Reads shall find blocks.
  private void fill(Subject subject) throws IOException, InterruptedException {
    for (String uri : subject.uris()) {
      Fio.run(
          List.of(
              "fio",
              "--output-format=json",
              "--name=fill",
              "--ioengine=nbd",
              "--uri=" + uri,
              "--rw=write",
              "--bs=1M",
              "--size=" + SPAN_BYTES));
    }
  }

  /// One client to each export.
  private void equal(Subject subject, String where, String processors)
      throws IOException, InterruptedException {
    List<Double> iops =
        load(subject.uris().stream().map(uri -> new Client(uri, DEPTH)).toList(), processors);
    double sum = iops.stream().mapToDouble(Double::doubleValue).sum();
    double squares = iops.stream().mapToDouble(each -> each * each).sum();
    double least = iops.stream().mapToDouble(Double::doubleValue).min().orElseThrow();
    double most = iops.stream().mapToDouble(Double::doubleValue).max().orElseThrow();
    String what = EQUAL + where;
    results.add(Task.rate(what + ", together", "IOPS"), subject.name(), sum);
    Task shares = Task.rate(what + ", share of each", "%");
    iops.forEach(each -> results.add(shares, subject.name(), 100 * each / sum));
    results.add(least(where), subject.name(), least / most);
    results.add(
        Task.rate(what + ", Jain's index", "of 1"),
        subject.name(),
        sum * sum / (iops.size() * squares));
  }

  /// One client of the first export while the second has several that ask for more.
  private void beside(Subject subject, int depth) throws IOException, InterruptedException {
    Client one = new Client(subject.uris().get(0), depth);
    List<Client> clients = new ArrayList<>(List.of(one));
    for (int i = 0; i < BUSY_CONNECTIONS; i++) {
      clients.add(new Client(subject.uris().get(1), BUSY_DEPTH));
    }
    double alone = load(List.of(one), ALL).getFirst();
    List<Double> iops = load(clients, ALL);
    double busy = iops.stream().skip(1).mapToDouble(Double::doubleValue).average().orElseThrow();
    String what = "one 4k read q" + depth + " beside 4 connections of q" + BUSY_DEPTH;
    results.add(Task.rate(what, "IOPS"), subject.name(), iops.getFirst());
    results.add(Task.rate(what + ", each of these", "IOPS"), subject.name(), busy);
    results.add(Task.rate(what + ", alone", "IOPS"), subject.name(), alone);
  }

  /// What each client reached, in their order.
  private List<Double> load(List<Client> clients, String processors)
      throws IOException, InterruptedException {
    StringBuilder job =
        new StringBuilder(
            String.format(
                Locale.ROOT,
                "[global]%nioengine=nbd%nrw=randread%nbs=4k%nsize=%d%n"
                    + "time_based=1%nruntime=%dms%nramp_time=300ms%nnorandommap=1%nthread=1%n",
                SPAN_BYTES,
                (long) (2000 * scale.seconds())));
    for (int i = 0; i < clients.size(); i++) {
      Client client = clients.get(i);
      job.append(
          String.format(
              Locale.ROOT, "[client%d]%nuri=%s%niodepth=%d%n", i, client.uri(), client.depth()));
    }
    Path file = scratch.file("fairness.fio");
    Files.writeString(file, job);
    return Fio.jobs(
            List.of("taskset", "-c", processors, "fio", "--output-format=json", file.toString()))
        .stream()
        .map(Fio::iops)
        .toList();
  }
}
