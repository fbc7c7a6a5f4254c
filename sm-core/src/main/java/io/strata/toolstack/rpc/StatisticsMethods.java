// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.rpc;

import io.strata.catalog.SrRecord;
import io.strata.catalog.VdiRecord;
import io.strata.manager.DiskStatistics;
import io.strata.manager.StorageManager;
import io.strata.nbd.ExportStatistics;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.toolstack.Json;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/// What disks and SRs do and take, as numbers. Nothing here touches storage: sizes are those of the
/// last look, so that a hung SR does not hang who watches.
final class StatisticsMethods {
  private final StorageManager manager;

  StatisticsMethods(StorageManager manager) {
    this.manager = manager;
  }

  void addTo(ApiMethods methods) {
    methods
        .add("daemon.statistics", (arguments, call) -> statistics())
        .add(
            "daemon.metrics",
            (arguments, call) ->
                Json.object()
                    .with("text", Metrics.text(manager.srs(), manager.vdis(), manager.statistics()))
                    .build());
  }

  private Json statistics() throws StorageException {
    Map<SrUuid, SrRecord> srs =
        manager.srs().stream().collect(Collectors.toMap(SrRecord::uuid, Function.identity()));
    Map<VdiUuid, VdiRecord> vdis =
        manager.vdis().stream().collect(Collectors.toMap(VdiRecord::uuid, Function.identity()));
    List<Json> disks = new ArrayList<>();
    for (DiskStatistics disk : manager.statistics()) {
      Optional.ofNullable(vdis.get(disk.vdi())).ifPresent(vdi -> disks.add(disk(vdi, disk)));
    }
    return Json.object()
        .with("time-nanos", System.nanoTime())
        .with("vdis", new Json.Items(disks))
        .with(
            "srs", new Json.Items(srs.values().stream().<Json>map(StatisticsMethods::sr).toList()))
        .build();
  }

  private static Json disk(VdiRecord vdi, DiskStatistics disk) {
    ExportStatistics done = disk.exports();
    return Json.object()
        .with("uuid", vdi.uuid().toString())
        .with("sr", vdi.sr().toString())
        .with("name-label", vdi.nameLabel())
        .with("connections", disk.connections())
        .with("failed", disk.failed())
        .with("reads", done.reads())
        .with("read-bytes", done.readBytes())
        .with("writes", done.writes())
        .with("written-bytes", done.writtenBytes())
        .with("flushes", done.flushes())
        .with("trims", done.trims())
        .with("zeroes", done.zeroes())
        .with("errors", done.errors())
        .with("inflight", done.inflight())
        .with("virtual-size", vdi.virtualSizeBytes())
        .with("physical-utilisation", vdi.physicalUtilisationBytes())
        .with(
            "latency",
            new Json.Items(
                Arrays.stream(done.latency().bucketCounts()).mapToObj(Json::of).toList()))
        .build();
  }

  private static Json sr(SrRecord sr) {
    return Json.object()
        .with("uuid", sr.uuid().toString())
        .with("name-label", sr.nameLabel())
        .with("type", sr.type())
        .with("physical-size", sr.physicalSizeBytes())
        .with("physical-utilisation", sr.physicalUtilisationBytes())
        .with("virtual-allocation", sr.virtualAllocationBytes())
        .build();
  }
}
