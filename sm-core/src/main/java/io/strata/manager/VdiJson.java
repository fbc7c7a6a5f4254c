// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.strata.catalog.VdiRecord;
import io.strata.spi.ErrorCode;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.Volume;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/// A VDI as JSON: in an SR's description, and in the arguments of an intent.
final class VdiJson {
  private static final ObjectMapper JSON = new ObjectMapper();

  private VdiJson() {}

  static String text(VdiRecord vdi) {
    return write(vdi).toString();
  }

  /// @throws StorageException [ErrorCode#METADATA_ERROR]
  static VdiRecord parse(SrUuid sr, String text) throws StorageException {
    try {
      return read(sr, JSON.readTree(text));
    } catch (JsonProcessingException | IllegalArgumentException e) {
      throw new StorageException(
          ErrorCode.METADATA_ERROR,
          "An intent's VDI in the catalog can't be read: " + e.getMessage() + ".",
          "Restore the catalog.",
          e);
    }
  }

  static ObjectNode write(VdiRecord vdi) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("uuid", vdi.uuid().toString());
    node.put("type", vdi.type());
    node.put("name-label", vdi.nameLabel());
    node.put("name-description", vdi.nameDescription());
    node.put("virtual-size", vdi.virtualSizeBytes());
    node.put("physical-utilisation", vdi.physicalUtilisationBytes());
    node.put("read-only", vdi.readOnly());
    node.put("sharable", vdi.sharable());
    node.put("is-a-snapshot", vdi.isASnapshot());
    vdi.snapshotOf().ifPresent(of -> node.put("snapshot-of", of.toString()));
    node.put("snapshot-time-millis", vdi.snapshotTime().toEpochMilli());
    vdi.parent().ifPresent(parent -> node.put("parent", parent.toString()));
    node.put("location", vdi.location());
    node.put("kind", vdi.kind().name());
    node.put("qos-algorithm-type", vdi.qosAlgorithmType());
    node.put("cbt-enabled", vdi.cbtEnabled());
    JsonMaps.write(node, "tags", vdi.tags());
    JsonMaps.write(node, "sm-config", vdi.smConfig());
    JsonMaps.write(node, "other-config", vdi.otherConfig());
    JsonMaps.write(node, "keys", vdi.keys());
    JsonMaps.write(node, "qos-algorithm-params", vdi.qosAlgorithmParams());
    return node;
  }

  /// @throws IllegalArgumentException a field is missing or makes no sense
  static VdiRecord read(SrUuid sr, JsonNode node) {
    return new VdiRecord(
        new VdiUuid(UUID.fromString(node.required("uuid").asText())),
        sr,
        node.required("type").asText(),
        node.required("name-label").asText(),
        node.required("name-description").asText(),
        node.required("virtual-size").asLong(),
        node.required("physical-utilisation").asLong(),
        node.required("read-only").asBoolean(),
        node.required("sharable").asBoolean(),
        true,
        node.required("is-a-snapshot").asBoolean(),
        uuid(node, "snapshot-of"),
        Instant.ofEpochMilli(node.required("snapshot-time-millis").asLong()),
        uuid(node, "parent"),
        node.required("location").asText(),
        Volume.Kind.valueOf(node.required("kind").asText()),
        false,
        Optional.empty(),
        // Not kept here: another host may have written to the disk since.
        Optional.empty(),
        node.required("qos-algorithm-type").asText(),
        JsonMaps.texts(node, "tags"),
        JsonMaps.map(node, "sm-config"),
        JsonMaps.map(node, "other-config"),
        JsonMaps.map(node, "keys"),
        JsonMaps.map(node, "qos-algorithm-params"),
        node.path("cbt-enabled").asBoolean(false));
  }

  private static Optional<VdiUuid> uuid(JsonNode node, String field) {
    return optional(node, field).map(UUID::fromString).map(VdiUuid::new);
  }

  private static Optional<String> optional(JsonNode node, String field) {
    return node.has(field) ? Optional.of(node.get(field).asText()) : Optional.empty();
  }
}
