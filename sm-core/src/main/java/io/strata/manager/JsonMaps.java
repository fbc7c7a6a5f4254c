// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Collections of text in JSON objects.
final class JsonMaps {

  private JsonMaps() {}

  static void write(ObjectNode node, String field, Map<String, String> values) {
    ObjectNode map = node.putObject(field);
    values.forEach(map::put);
  }

  static void write(ObjectNode node, String field, Collection<String> values) {
    ArrayNode list = node.putArray(field);
    values.forEach(list::add);
  }

  /// @throws IllegalArgumentException there is no such field
  static Map<String, String> map(JsonNode node, String field) {
    Map<String, String> values = new HashMap<>();
    node.required(field).properties().forEach(e -> values.put(e.getKey(), e.getValue().asText()));
    return values;
  }

  /// @throws IllegalArgumentException there is no such field
  static List<String> texts(JsonNode node, String field) {
    List<String> values = new ArrayList<>();
    node.required(field).forEach(value -> values.add(value.asText()));
    return values;
  }
}
