// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.strata.catalog.SrRecord;
import io.strata.spi.SrUuid;
import java.util.Optional;

/// An SR as JSON, with what of it outlives a host.
final class SrJson {

  private SrJson() {}

  static ObjectNode write(SrRecord sr) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("uuid", sr.uuid().toString());
    node.put("type", sr.type());
    node.put("name-label", sr.nameLabel());
    node.put("name-description", sr.nameDescription());
    node.put("shared", sr.shared());
    node.put("content-type", sr.contentType());
    JsonMaps.write(node, "tags", sr.tags());
    JsonMaps.write(node, "sm-config", sr.smConfig());
    JsonMaps.write(node, "other-config", sr.otherConfig());
    return node;
  }

  /// @throws IllegalArgumentException a field is missing
  static SrRecord read(SrUuid uuid, JsonNode node) {
    return new SrRecord(
        uuid,
        node.required("type").asText(),
        node.required("name-label").asText(),
        node.required("name-description").asText(),
        node.required("shared").asBoolean(),
        node.required("content-type").asText(),
        -1,
        -1,
        0,
        Optional.empty(),
        JsonMaps.texts(node, "tags"),
        JsonMaps.map(node, "sm-config"),
        JsonMaps.map(node, "other-config"));
  }
}
