// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.nbd.LatencyHistogram;
import io.strata.toolstack.Json;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Rates from two readings of the counters.
class TopSampleTest {
  private static final int BUCKETS = LatencyHistogram.EMPTY.bucketCounts().length;

  private static Json disk(String uuid, String name, long reads, long bytes, int bucket, long n) {
    List<Json> latency = new ArrayList<>();
    for (int i = 0; i < BUCKETS; i++) {
      latency.add(Json.of(i == bucket ? n : 0));
    }
    return Json.object()
        .with("uuid", uuid)
        .with("sr", "s")
        .with("name-label", name)
        .with("reads", reads)
        .with("read-bytes", bytes)
        .with("inflight", 3)
        .with("latency", new Json.Items(latency))
        .build();
  }

  private static Json.Members at(long seconds, Json... disks) {
    return Json.object()
        .with("time-nanos", seconds * 1_000_000_000L)
        .with("vdis", new Json.Items(List.of(disks)))
        .with(
            "srs",
            new Json.Items(
                List.of(Json.object().with("uuid", "s").with("name-label", "fast").build())))
        .build();
  }

  @Test
  void ratesAreDifferencesByTheSecond() {
    TopSample sample =
        TopSample.between(
            at(10, disk("a", "db", 100, 1000, 50, 100)),
            at(12, disk("a", "db", 300, 5000, 50, 300)));
    TopSample.Load load = sample.disks().getFirst().load();
    assertThat(load.reads()).isEqualTo(100);
    assertThat(load.readBytes()).isEqualTo(2000);
    assertThat(load.inflight()).isEqualTo(3);
  }

  @Test
  void percentilesAreOfTheIntervalOnly() {
    TopSample sample =
        TopSample.between(
            at(1, disk("a", "db", 1_000_000, 0, 100, 1_000_000)),
            at(2, disk("a", "db", 1_000_010, 0, 40, 10)));
    assertThat(sample.disks().getFirst().p99Nanos()).as("began anew").isPositive();
    TopSample idle =
        TopSample.between(
            at(1, disk("a", "db", 9, 0, 100, 9)), at(2, disk("a", "db", 9, 0, 100, 9)));
    assertThat(idle.disks().getFirst().p99Nanos()).as("idle").isZero();
  }

  @Test
  void diskAttachedAnewCountsFromItsAttach() {
    TopSample sample =
        TopSample.between(
            at(1, disk("a", "db", 500, 0, 50, 500)), at(2, disk("a", "db", 20, 0, 50, 20)));
    assertThat(sample.disks().getFirst().load().reads()).isEqualTo(20);
  }

  @Test
  void busiestComesFirstAndSrsAreSums() {
    TopSample sample =
        TopSample.between(
            at(1),
            at(
                2,
                disk("a", "slow", 5, 0, 50, 5),
                disk("b", "busy", 70, 0, 50, 70),
                disk("c", "idle", 0, 0, 50, 0)));
    assertThat(sample.disks())
        .extracting(TopSample.Disk::name)
        .containsExactly("busy", "slow", "idle");
    assertThat(sample.srs().getFirst().load().reads()).isEqualTo(75);
    assertThat(TopScreen.of(sample, 1)).contains("busy", "fast", "2 more").doesNotContain("slow");
  }

  @Test
  void namesCanNotReachTheTerminal() {
    TopSample sample = TopSample.between(at(1), at(2, disk("a", "x\u001b[2J", 0, 0, 0, 0)));
    assertThat(TopScreen.of(sample, 5)).doesNotContain("\u001b").contains("\\u001b[2J");
  }
}
