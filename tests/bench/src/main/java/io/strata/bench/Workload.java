// SPDX-License-Identifier: Apache-2.0
package io.strata.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// A load that fio's NBD engine makes.
///
/// @param bandwidth whether MiB/s are counted, instead of I/Os per second
/// @param options of fio, without their dashes
record Workload(String name, boolean bandwidth, List<String> options) {

  static final List<Workload> ON_FULL_DISK =
      List.of(
          of("4k read q1", "rw=randread bs=4k iodepth=1"),
          of("4k read q16", "rw=randread bs=4k iodepth=16"),
          of("4k read q32", "rw=randread bs=4k iodepth=32"),
          of("4k read q16, 4 connections", "rw=randread bs=4k iodepth=16 numjobs=4"),
          of("4k write q1", "rw=randwrite bs=4k iodepth=1"),
          of("4k write q16", "rw=randwrite bs=4k iodepth=16"),
          of("4k write q32", "rw=randwrite bs=4k iodepth=32"),
          of("4k write q16, 4 connections", "rw=randwrite bs=4k iodepth=16 numjobs=4"),
          of("4k mixed 70/30 q16", "rw=randrw rwmixread=70 bs=4k iodepth=16"),
          of("4k write q1 and flush", "rw=randwrite bs=4k iodepth=1 fsync=1"),
          bandwidth("1M sequential read", "rw=read bs=1M iodepth=4"),
          bandwidth("1M sequential write", "rw=write bs=1M iodepth=4"));

  static final Workload FIRST_4K = of("first touch, 4k write q16", "rw=randwrite bs=4k iodepth=16");
  static final Workload FIRST_1M = bandwidth("first touch, 1M write", "rw=write bs=1M iodepth=4");

  static final List<Workload> ON_CHAIN =
      List.of(
          of("4k read q1", "rw=randread bs=4k iodepth=1"),
          of("4k read q32", "rw=randread bs=4k iodepth=32"));

  static final Workload WARM_UP = of("warm-up", "rw=randrw bs=4k iodepth=16");

  private static Workload of(String name, String options) {
    return new Workload(name, false, List.copyOf(Arrays.asList(options.split(" ", -1))));
  }

  private static Workload bandwidth(String name, String options) {
    return new Workload(name, true, List.copyOf(Arrays.asList(options.split(" ", -1))));
  }

  /// Whether one request at a time is made.
  boolean alone() {
    return options.contains("iodepth=1");
  }

  Task task(String suffix) {
    return Task.rate(name + suffix, bandwidth ? "MiB/s" : "IOPS");
  }

  /// @param offsetBytes where its range starts
  /// @param lengthBytes of its range
  List<String> line(String uri, long offsetBytes, long lengthBytes, double seconds) {
    List<String> line =
        new ArrayList<>(
            List.of(
                "fio",
                "--output-format=json",
                "--name=load",
                "--ioengine=nbd",
                "--uri=" + uri,
                "--offset=" + offsetBytes,
                "--size=" + lengthBytes,
                "--time_based=1",
                "--runtime=" + (long) (seconds * 1000) + "ms",
                "--randrepeat=1",
                "--norandommap=1",
                "--group_reporting=1"));
    options.forEach(option -> line.add("--" + option));
    return line;
  }
}
