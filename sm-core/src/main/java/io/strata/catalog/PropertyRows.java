// SPDX-License-Identifier: Apache-2.0
package io.strata.catalog;

import io.strata.spi.StorageException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Key-value rows, by owner and family. A tag is a key with an empty value.
final class PropertyRows {
  static final String TAGS = "tags";

  private final Map<String, Map<String, Map<String, String>>> byOwner = new HashMap<>();

  private PropertyRows() {}

  /// @param owner `sr`, `pbd` or `vdi`
  /// @param where which rows: a fixed clause
  static PropertyRows load(Sql sql, String owner, String where, Object... arguments)
      throws StorageException {
    PropertyRows loaded = new PropertyRows();
    String select =
        "SELECT " + owner + " AS owner, family, key, value FROM " + owner + "_property" + where;
    sql.query(
        select,
        row ->
            loaded.put(
                row.getString("owner"),
                row.getString("family"),
                row.getString("key"),
                row.getString("value")),
        arguments);
    return loaded;
  }

  private String put(String owner, String family, String key, String value) {
    byOwner
        .computeIfAbsent(owner, o -> new HashMap<>())
        .computeIfAbsent(family, f -> new HashMap<>())
        .put(key, value);
    return key;
  }

  Map<String, String> of(String owner, String family) {
    return byOwner.getOrDefault(owner, Map.of()).getOrDefault(family, Map.of());
  }

  List<String> tags(String owner) {
    List<String> tags = new ArrayList<>(of(owner, TAGS).keySet());
    tags.sort(null);
    return tags;
  }
}
