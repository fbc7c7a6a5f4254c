// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.rpc;

import io.strata.catalog.SrRecord;
import io.strata.catalog.VdiRecord;
import io.strata.manager.DiskStatistics;
import io.strata.nbd.ExportStatistics;
import io.strata.nbd.LatencyHistogram;
import io.strata.spi.VdiUuid;
import io.strata.toolstack.Version;
import io.strata.vhd.MetadataCacheStatistics;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;

/// Numbers of disks and SRs for a monitoring system.
///
/// Source: Prometheus, "Exposition formats", text format 0.0.4. Units are bytes and seconds. What a
/// served disk did is counted from its attach, or the daemon's start, on.
final class Metrics {
  /// Latencies are told apart from 8 us to 17 s, by powers of two.
  private static final int LEAST_EXPONENT = 13;

  private static final int MOST_EXPONENT = 34;

  private final MetricText text = new MetricText();
  private final List<SrRecord> srs;
  private final List<VdiRecord> vdis;
  private final List<DiskStatistics> disks;
  private final Map<VdiUuid, VdiRecord> vdiByUuid;

  private Metrics(List<SrRecord> srs, List<VdiRecord> vdis, List<DiskStatistics> disks) {
    this.srs = srs;
    this.vdis = vdis;
    vdiByUuid = vdis.stream().collect(Collectors.toMap(VdiRecord::uuid, Function.identity()));
    this.disks = disks.stream().filter(disk -> vdiByUuid.containsKey(disk.vdi())).toList();
  }

  static String text(List<SrRecord> srs, List<VdiRecord> vdis, List<DiskStatistics> disks) {
    return new Metrics(srs, vdis, disks).write();
  }

  private String write() {
    text.family("strata_build_info", "gauge", "Version of the daemon.");
    text.sample("strata_build_info", Map.of("version", Version.TEXT), 1);
    counter("reads", "Reads answered.", ExportStatistics::reads);
    counter("read_bytes", "Bytes read.", ExportStatistics::readBytes);
    counter("writes", "Writes answered.", ExportStatistics::writes);
    counter("written_bytes", "Bytes written.", ExportStatistics::writtenBytes);
    counter("flushes", "Flushes answered.", ExportStatistics::flushes);
    counter("trims", "Trims answered.", ExportStatistics::trims);
    counter("write_zeroes", "Writes of zeroes answered.", ExportStatistics::zeroes);
    counter("errors", "Requests answered with an error.", ExportStatistics::errors);
    ofDisks(
        "metadata_cache_hits_total",
        "counter",
        "Times that a block's metadata was found in memory.",
        d -> d.cache().hits());
    ofDisks(
        "metadata_cache_misses_total",
        "counter",
        "Times that a block's metadata had to be read.",
        d -> d.cache().misses());
    ofDisks("inflight_requests", "Requests without an answer yet.", d -> d.exports().inflight());
    ofDisks("connections", "Clients connected.", DiskStatistics::connections);
    ofDisks("failed", "1 after a failed flush, until attached again.", d -> d.failed() ? 1 : 0);
    latency();
    ofVdis("virtual_size_bytes", "Size as guests see it.", VdiRecord::virtualSizeBytes);
    ofVdis(
        "physical_utilisation_bytes",
        "Storage taken, base copies apart, at the last look.",
        VdiRecord::physicalUtilisationBytes);
    ofSrs("physical_size_bytes", "Size of the storage.", SrRecord::physicalSizeBytes);
    ofSrs(
        "physical_utilisation_bytes",
        "What of the storage is taken, at the last look.",
        SrRecord::physicalUtilisationBytes);
    ofSrs(
        "virtual_allocation_bytes",
        "Sum of the disks' sizes as guests see them.",
        SrRecord::virtualAllocationBytes);
    metadataCache(MetadataCacheStatistics.now());
    return text.toString();
  }

  private void metadataCache(MetadataCacheStatistics cache) {
    String metric = "strata_metadata_cache_";
    single(metric + "bytes", "gauge", "Bitmaps and merged parents in memory.", cache.heldBytes());
    single(metric + "limit_bytes", "gauge", "The most that is kept.", cache.mostBytes());
    single(
        metric + "hits_total",
        "counter",
        "Times that a block's metadata was found in memory.",
        cache.hits());
    single(metric + "misses_total", "counter", "Times that it had to be read.", cache.misses());
    single(metric + "shrinks_total", "counter", "Times that a disk gave up some.", cache.shrinks());
  }

  private void single(String metric, String type, String help, long value) {
    text.family(metric, type, help);
    text.sample(metric, Map.of(), value);
  }

  private void counter(String name, String help, ToLongFunction<ExportStatistics> value) {
    String metric = "strata_vdi_" + name + "_total";
    text.family(metric, "counter", help);
    disks.forEach(d -> text.sample(metric, labels(d), value.applyAsLong(d.exports())));
  }

  private void ofDisks(String name, String help, ToLongFunction<DiskStatistics> value) {
    ofDisks(name, "gauge", help, value);
  }

  private void ofDisks(
      String name, String type, String help, ToLongFunction<DiskStatistics> value) {
    String metric = "strata_vdi_" + name;
    text.family(metric, type, help);
    disks.forEach(disk -> text.sample(metric, labels(disk), value.applyAsLong(disk)));
  }

  private void ofVdis(String name, String help, ToLongFunction<VdiRecord> value) {
    String metric = "strata_vdi_" + name;
    text.family(metric, "gauge", help);
    vdis.stream()
        .filter(VdiRecord::managed)
        .forEach(vdi -> text.sample(metric, labels(vdi), value.applyAsLong(vdi)));
  }

  /// An SR whose numbers are not known yet has no sample.
  private void ofSrs(String name, String help, ToLongFunction<SrRecord> value) {
    String metric = "strata_sr_" + name;
    text.family(metric, "gauge", help);
    for (SrRecord sr : srs) {
      if (value.applyAsLong(sr) >= 0) {
        text.sample(metric, labels(sr), value.applyAsLong(sr));
      }
    }
  }

  private void latency() {
    String metric = "strata_vdi_request_duration_seconds";
    text.family(metric, "histogram", "Time from a request's arrival until its answer was ready.");
    for (DiskStatistics disk : disks) {
      LatencyHistogram latency = disk.exports().latency();
      Map<String, String> labels = labels(disk);
      for (int exponent = LEAST_EXPONENT; exponent <= MOST_EXPONENT; exponent++) {
        long below = latency.countBelowPowerOfTwo(exponent);
        text.bucket(metric, labels, MetricText.seconds(1L << exponent), below);
      }
      text.bucket(metric, labels, "+Inf", latency.total());
      text.sample(metric + "_sum", labels, MetricText.seconds(latency.sumNanos()));
      text.sample(metric + "_count", labels, latency.total());
    }
  }

  private Map<String, String> labels(DiskStatistics disk) {
    VdiRecord vdi = vdiByUuid.get(disk.vdi());
    return vdi == null ? Map.of("vdi", disk.vdi().toString()) : labels(vdi);
  }

  private static Map<String, String> labels(VdiRecord vdi) {
    return MetricText.labels(
        "vdi", vdi.uuid().toString(), "sr", vdi.sr().toString(), "name", vdi.nameLabel());
  }

  private static Map<String, String> labels(SrRecord sr) {
    return MetricText.labels("sr", sr.uuid().toString(), "name", sr.nameLabel(), "type", sr.type());
  }
}
