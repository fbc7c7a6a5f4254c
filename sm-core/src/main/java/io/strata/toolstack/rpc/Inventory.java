// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.rpc;

import io.strata.catalog.AttachmentRecord;
import io.strata.catalog.HostRecord;
import io.strata.catalog.IntentRecord;
import io.strata.catalog.PbdRecord;
import io.strata.catalog.SrRecord;
import io.strata.catalog.VdiRecord;
import io.strata.manager.StorageManager;
import io.strata.spi.DriverDescription;
import io.strata.spi.HostUuid;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/// Everything the manager knows at one moment, so that records can show what belongs together.
record Inventory(
    List<HostRecord> hosts,
    List<SrRecord> srs,
    List<PbdRecord> pbds,
    List<VdiRecord> vdis,
    List<AttachmentRecord> attachments,
    List<IntentRecord> intents,
    List<DriverDescription> drivers,
    Map<SrUuid, SrRecord> srByUuid,
    Map<SrUuid, List<PbdRecord>> pbdsOfSr,
    Map<SrUuid, List<VdiRecord>> vdisOfSr,
    Map<VdiUuid, List<VdiRecord>> snapshotsOf,
    Map<VdiUuid, List<AttachmentRecord>> attachmentsOf) {

  static Inventory of(StorageManager manager) throws StorageException {
    List<SrRecord> srs = manager.srs();
    List<PbdRecord> pbds = manager.pbds();
    List<VdiRecord> vdis = manager.vdis();
    List<AttachmentRecord> attachments = manager.attachments();
    return new Inventory(
        manager.hosts(),
        srs,
        pbds,
        vdis,
        attachments,
        manager.intents(),
        manager.drivers(),
        srs.stream().collect(Collectors.toMap(SrRecord::uuid, Function.identity())),
        pbds.stream().collect(Collectors.groupingBy(PbdRecord::sr)),
        vdis.stream().collect(Collectors.groupingBy(VdiRecord::sr)),
        vdis.stream()
            .filter(vdi -> vdi.snapshotOf().isPresent())
            .collect(Collectors.groupingBy(vdi -> vdi.snapshotOf().orElseThrow())),
        attachments.stream().collect(Collectors.groupingBy(AttachmentRecord::vdi)));
  }

  String srName(SrUuid sr) {
    return Optional.ofNullable(srByUuid.get(sr)).map(SrRecord::nameLabel).orElse("");
  }

  String hostName(HostUuid host) {
    return hosts.stream()
        .filter(known -> known.uuid().equals(host))
        .map(HostRecord::nameLabel)
        .findFirst()
        .orElse("");
  }

  List<PbdRecord> pbdsOf(SrUuid sr) {
    return pbdsOfSr.getOrDefault(sr, List.of());
  }

  List<VdiRecord> vdisOf(SrUuid sr) {
    return vdisOfSr.getOrDefault(sr, List.of());
  }

  List<VdiRecord> snapshots(VdiUuid vdi) {
    return snapshotsOf.getOrDefault(vdi, List.of());
  }

  List<AttachmentRecord> attachmentsOf(VdiUuid vdi) {
    return attachmentsOf.getOrDefault(vdi, List.of());
  }
}
