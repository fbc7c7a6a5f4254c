// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.rpc;

import io.strata.catalog.HostRecord;
import io.strata.catalog.IntentRecord;
import io.strata.catalog.PbdRecord;
import io.strata.catalog.SrRecord;
import io.strata.catalog.VdiRecord;
import io.strata.spi.DriverDescription;
import io.strata.toolstack.Json;
import io.strata.toolstack.RecordClass;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;

/// Records of the catalog as JSON, with exactly the fields of their [RecordClass].
final class Records {
  private static final DateTimeFormatter XE_TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HH:mm:ss'Z'").withZone(ZoneOffset.UTC);

  private final Inventory inventory;

  Records(Inventory inventory) {
    this.inventory = inventory;
  }

  /// Every record of a class.
  Stream<Json.Members> all(RecordClass records) {
    return switch (records) {
      case SR -> inventory.srs().stream().map(this::sr);
      case VDI -> inventory.vdis().stream().map(this::vdi);
      case PBD -> inventory.pbds().stream().map(this::pbd);
      case HOST -> inventory.hosts().stream().map(Records::host);
      case SM -> inventory.drivers().stream().map(Records::driver);
      case TASK -> inventory.intents().stream().map(Records::task);
    };
  }

  private static Json.Members task(IntentRecord intent) {
    return Json.object()
        .with("uuid", intent.id().toString())
        .with("name-label", intent.operation())
        .with("created", intent.created().toString())
        .with("sr-uuid", intent.sr().toString())
        .with("step", intent.step())
        .with("arguments", Json.texts(intent.arguments()))
        .build();
  }

  private Json.Members sr(SrRecord sr) {
    List<PbdRecord> pbds = inventory.pbdsOf(sr.uuid());
    return Json.object()
        .with("uuid", sr.uuid().toString())
        .with("name-label", sr.nameLabel())
        .with("name-description", sr.nameDescription())
        .with("host", hostOf(pbds))
        .with("allowed-operations", Json.texts(AllowedOperations.ofSr(driverOf(sr), pbds)))
        .with("current-operations", Json.texts(currentOperations(sr)))
        .with(
            "VDIs", Json.texts(inventory.vdisOf(sr.uuid()).stream().map(VdiRecord::uuid).toList()))
        .with("PBDs", Json.texts(pbds.stream().map(PbdRecord::uuid).toList()))
        .with("virtual-allocation", sr.virtualAllocationBytes())
        .with("physical-utilisation", sr.physicalUtilisationBytes())
        .with("physical-size", sr.physicalSizeBytes())
        .with("type", sr.type())
        .with("content-type", sr.contentType())
        .with("shared", sr.shared())
        .with("problem", sr.problem().orElse(""))
        .with("other-config", Json.texts(sr.otherConfig()))
        .with("sm-config", Json.texts(sr.smConfig()))
        .with("tags", Json.texts(sr.tags()))
        .build();
  }

  private Json hostOf(List<PbdRecord> pbds) {
    return switch (pbds.size()) {
      case 0 -> Json.Nothing.NULL;
      case 1 -> Json.of(inventory.hostName(pbds.getFirst().host()));
      default -> Json.of("<shared>");
    };
  }

  private List<String> currentOperations(SrRecord sr) {
    return inventory.intents().stream()
        .filter(intent -> intent.sr().equals(sr.uuid()))
        .map(IntentRecord::operation)
        .toList();
  }

  private List<DriverDescription> driverOf(SrRecord sr) {
    return inventory.drivers().stream().filter(d -> d.type().equals(sr.type())).toList();
  }

  private Json.Members vdi(VdiRecord vdi) {
    boolean attached = !inventory.attachmentsOf(vdi.uuid()).isEmpty();
    return Json.object()
        .with("uuid", vdi.uuid().toString())
        .with("name-label", vdi.nameLabel())
        .with("name-description", vdi.nameDescription())
        .with("is-a-snapshot", vdi.isASnapshot())
        .with("snapshot-of", Json.of(vdi.snapshotOf()))
        .with(
            "snapshots",
            Json.texts(inventory.snapshots(vdi.uuid()).stream().map(VdiRecord::uuid).toList()))
        .with("snapshot-time", time(vdi.snapshotTime()))
        .with("allowed-operations", Json.texts(AllowedOperations.ofVdi(vdi, attached)))
        .with("current-operations", Json.texts(currentOperations(vdi)))
        .with("sr-uuid", vdi.sr().toString())
        .with("sr-name-label", inventory.srName(vdi.sr()))
        .with("virtual-size", vdi.virtualSizeBytes())
        .with("physical-utilisation", vdi.physicalUtilisationBytes())
        .with("location", vdi.location())
        .with("type", vdi.type())
        .with("sharable", vdi.sharable())
        .with("read-only", vdi.readOnly())
        .with("cbt-enabled", vdi.cbtEnabled())
        .with("managed", vdi.managed())
        .with("parent", Json.of(vdi.parent()))
        .with("missing", vdi.missing())
        .with("problem", vdi.problem().orElse(""))
        .with("attached", attached)
        .with("other-config", Json.texts(vdi.otherConfig()))
        .with("sm-config", Json.texts(vdi.smConfig()))
        .with("keys", Json.texts(vdi.keys()))
        .with("qos_algorithm_type", vdi.qosAlgorithmType())
        .with("qos_algorithm_params", Json.texts(vdi.qosAlgorithmParams()))
        .with("content-id", vdi.contentId().orElse(""))
        .with("tags", Json.texts(vdi.tags()))
        .build();
  }

  private List<String> currentOperations(VdiRecord vdi) {
    return inventory.intents().stream()
        .filter(intent -> intent.arguments().containsValue(vdi.uuid().toString()))
        .map(IntentRecord::operation)
        .toList();
  }

  private Json.Members pbd(PbdRecord pbd) {
    return Json.object()
        .with("uuid", pbd.uuid().toString())
        .with("host-uuid", pbd.host().toString())
        .with("host-name-label", inventory.hostName(pbd.host()))
        .with("sr-uuid", pbd.sr().toString())
        .with("sr-name-label", inventory.srName(pbd.sr()))
        .with("device-config", Json.texts(pbd.deviceConfig().values()))
        .with("currently-attached", pbd.currentlyAttached())
        .with("problem", pbd.lastError().orElse(""))
        .with("other-config", Json.texts(pbd.otherConfig()))
        .build();
  }

  private static Json.Members host(HostRecord host) {
    return Json.object()
        .with("uuid", host.uuid().toString())
        .with("name-label", host.nameLabel())
        .with("name-description", "")
        .build();
  }

  private static Json.Members driver(DriverDescription driver) {
    Map<String, String> configuration = new TreeMap<>();
    driver
        .configuration()
        .forEach(key ->
            configuration.put(
                key.name(), key.description() + (key.required() ? " (required)" : "")));
    String simulated = driver.simulator() ? "Simulator: " : "";
    return Json.object()
        .with("uuid", driverUuid(driver))
        .with("type", driver.type())
        .with("name-label", driver.name())
        .with("name-description", simulated + driver.description())
        .with("vendor", driver.vendor())
        .with("version", driver.version())
        .with("simulator", driver.simulator())
        .with(
            "features",
            Json.texts(driver.capabilities().stream().map(Enum::name).sorted().toList()))
        .with("configuration", Json.texts(configuration))
        .build();
  }

  /// The same for the same driver on every host.
  private static String driverUuid(DriverDescription driver) {
    byte[] name = ("io.strata.driver." + driver.type()).getBytes(StandardCharsets.UTF_8);
    return UUID.nameUUIDFromBytes(name).toString();
  }

  private static String time(Instant instant) {
    return XE_TIME.format(instant);
  }
}
