// SPDX-License-Identifier: Apache-2.0
package io.strata.bench;

import io.strata.host.Processor;
import io.strata.spi.StorageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// Entry of the `bench` script: runs a suite, prints its table, and writes `SUITE.csv` and
/// `SUITE.svg`.
public final class Bench {
  private static final String USAGE =
      "usage: bench vhd|nbd [--quick] [--rounds=N] [--only=PART]" + " [--match=TEXT]";

  private Bench() {}

  /// A part of a suite.
  @FunctionalInterface
  private interface Part {
    void run(Scale scale, Results results)
        throws IOException, InterruptedException, StorageException;
  }

  /// @param args the suite, then options
  public static void main(String[] args) throws IOException, InterruptedException {
    List<String> options = List.of(args);
    if (options.isEmpty()) {
      System.err.println(USAGE);
      System.exit(2);
    }
    String suite = options.getFirst();
    boolean quick = options.contains("--quick");
    Map<String, Part> parts = parts(suite);
    String only = option(options, "only").orElse("");
    if (parts.isEmpty() || !(only.isEmpty() || parts.containsKey(only))) {
      System.err.println(USAGE);
      System.err.println("parts of vhd: " + parts("vhd").keySet());
      System.err.println("parts of nbd: " + parts("nbd").keySet());
      System.exit(2);
    }
    Scale scale = quick ? Scale.quick() : Scale.full();
    int rounds = option(options, "rounds").map(Integer::parseInt).orElse(scale.rounds());
    run(
        options,
        only,
        parts,
        new Scale(
            rounds,
            scale.diskBytes(),
            scale.seconds(),
            scale.snapshots(),
            option(options, "match").orElse("")));
  }

  private static Optional<String> option(List<String> options, String name) {
    String start = "--" + name + "=";
    return options.stream()
        .filter(option -> option.startsWith(start))
        .map(option -> option.substring(start.length()))
        .findFirst();
  }

  private static Map<String, Part> parts(String suite) {
    Map<String, Part> parts = new LinkedHashMap<>();
    switch (suite) {
      case "vhd" -> {
        parts.put("coalesce", CoalesceBench::run);
        parts.put("online", OnlineMergeBench::run);
        parts.put("snapshot", SnapshotBench::run);
        parts.put("chain", LongChainBench::run);
        parts.put("check", CheckBench::run);
      }
      case "nbd" -> {
        parts.put("disks", NbdBench::disks);
        parts.put("chains", NbdBench::chains);
        parts.put("many", ManyDisksBench::run);
        parts.put("fairness", FairnessBench::run);
      }
      default -> {}
    }
    return parts;
  }

  private static void run(List<String> options, String only, Map<String, Part> parts, Scale scale)
      throws IOException, InterruptedException {
    String suite = options.getFirst();
    Results results = new Results();
    int failed = 0;
    for (Map.Entry<String, Part> part : parts.entrySet()) {
      String name = part.getKey();
      if (!only.isEmpty() && !only.equals(name)) {
        continue;
      }
      try {
        if (only.isEmpty()) {
          results.add(PartProcess.run(options, name));
        } else {
          runHere(suite + " " + name, part.getValue(), scale, results);
        }
      } catch (IOException | StorageException e) {
        failed++;
        System.err.println(suite + " " + name + " failed: " + e);
      }
    }
    Optional<Path> figures = PartProcess.figures();
    if (figures.isPresent()) {
      PartProcess.leave(results, figures.get());
    } else if (!results.isEmpty()) {
      report(suite, results);
    }
    System.exit(failed == 0 ? 0 : 1);
  }

  private static void runHere(String name, Part part, Scale scale, Results results)
      throws IOException, InterruptedException, StorageException {
    // As the daemon does; some parts run the manager here.
    Processor.compilersYield();
    long start = System.nanoTime();
    part.run(scale, results);
    System.err.printf(
        Locale.ROOT,
        "%s: %.0f s; %s%n",
        name,
        (System.nanoTime() - start) / 1e9,
        HostMemory.PROBE.describe());
  }

  private static void report(String suite, Results results)
      throws IOException, InterruptedException {
    Path folder = Path.of(System.getProperty("strata.benchResults", "."));
    Files.createDirectories(folder);
    results.writeCsv(folder.resolve(suite + ".csv"));
    Plot.write(results, folder.resolve(suite + ".svg"));
    if (suite.equals("nbd")) {
      NbdTargets.judge(results);
    }
    System.out.println(Machine.describe());
    results.print(System.out);
    System.out.println("written: " + folder.resolve(suite + ".csv") + " and .svg");
  }
}
