// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import io.strata.nbd.LatencyHistogram;
import io.strata.toolstack.Json;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What disks did between two answers of `daemon.statistics`, by the second.
///
/// @param disks busiest first
/// @param srs sums over the disks of an SR that are served
record TopSample(List<Disk> disks, List<Sr> srs) {
  private static final double NANOS_PER_SECOND = 1e9;
  private static final int BUCKETS = LatencyHistogram.EMPTY.bucketCounts().length;

  TopSample {
    disks = List.copyOf(disks);
    srs = List.copyOf(srs);
  }

  /// How much is done in a second, and what waits now.
  ///
  /// @param errors since the disk was attached
  record Load(
      long reads, long writes, long readBytes, long writtenBytes, long inflight, long errors) {
    static final Load NONE = new Load(0, 0, 0, 0, 0, 0);

    Load plus(Load other) {
      return new Load(
          reads + other.reads,
          writes + other.writes,
          readBytes + other.readBytes,
          writtenBytes + other.writtenBytes,
          inflight + other.inflight,
          errors + other.errors);
    }

    Json.Builder json() {
      return Json.object()
          .with("reads-per-second", reads)
          .with("writes-per-second", writes)
          .with("read-bytes-per-second", readBytes)
          .with("written-bytes-per-second", writtenBytes)
          .with("inflight", inflight)
          .with("errors", errors);
    }
  }

  /// One disk. Latencies are those of requests answered in between; 0 without any.
  record Disk(String uuid, String sr, String name, Load load, long p50Nanos, long p99Nanos) {
    Json json() {
      Json.Builder json = load.json().with("p50-nanos", p50Nanos).with("p99-nanos", p99Nanos);
      return json.with("uuid", uuid).with("sr", sr).with("name-label", name).build();
    }
  }

  /// One SR.
  record Sr(String uuid, String name, Load load) {
    Json json() {
      return load.json().with("uuid", uuid).with("name-label", name).build();
    }
  }

  /// A disk that was attached in between counts from its attach on.
  static TopSample between(Json.Members earlier, Json.Members later) {
    double seconds =
        Math.max(1, later.whole("time-nanos") - earlier.whole("time-nanos")) / NANOS_PER_SECOND;
    Map<String, Json.Members> before = new LinkedHashMap<>();
    earlier.items("vdis").forEach(disk -> before.put(text(disk, "uuid"), (Json.Members) disk));
    List<Disk> disks =
        later.items("vdis").stream()
            .map(disk -> (Json.Members) disk)
            .map(disk ->
                disk(disk, before.getOrDefault(disk.text("uuid"), Json.Members.NONE), seconds))
            .sorted(
                Comparator.comparingLong((Disk disk) -> disk.load().reads() + disk.load().writes())
                    .reversed()
                    .thenComparing(Disk::name)
                    .thenComparing(Disk::uuid))
            .toList();
    List<Sr> srs = later.items("srs").stream().map(sr -> sr((Json.Members) sr, disks)).toList();
    return new TopSample(disks, srs);
  }

  private static String text(Json members, String name) {
    return ((Json.Members) members).text(name);
  }

  private static Disk disk(Json.Members now, Json.Members before, double seconds) {
    LatencyHistogram latency = latency(now).since(latency(before));
    return new Disk(
        now.text("uuid"),
        now.text("sr"),
        now.text("name-label"),
        new Load(
            rate("reads", now, before, seconds),
            rate("writes", now, before, seconds),
            rate("read-bytes", now, before, seconds),
            rate("written-bytes", now, before, seconds),
            now.whole("inflight"),
            now.whole("errors")),
        latency.percentileNanos(50),
        latency.percentileNanos(99));
  }

  /// A count that is lower than before began anew.
  private static long rate(String name, Json.Members now, Json.Members before, double seconds) {
    long difference = now.whole(name) - before.whole(name);
    return Math.round((difference < 0 ? now.whole(name) : difference) / seconds);
  }

  private static LatencyHistogram latency(Json.Members disk) {
    List<Json> counts = disk.items("latency");
    return counts.size() != BUCKETS
        ? LatencyHistogram.EMPTY
        : LatencyHistogram.of(
            counts.stream().mapToLong(c -> c instanceof Json.Whole n ? n.value() : 0).toArray());
  }

  private static Sr sr(Json.Members sr, List<Disk> disks) {
    String uuid = sr.text("uuid");
    Load sum =
        disks.stream()
            .filter(disk -> disk.sr().equals(uuid))
            .map(Disk::load)
            .reduce(Load.NONE, Load::plus);
    return new Sr(uuid, sr.text("name-label"), sum);
  }

  Json json() {
    return Json.object()
        .with("vdis", new Json.Items(disks.stream().map(Disk::json).toList()))
        .with("srs", new Json.Items(srs.stream().map(Sr::json).toList()))
        .build();
  }
}
