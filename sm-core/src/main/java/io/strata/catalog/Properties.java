// SPDX-License-Identifier: Apache-2.0
package io.strata.catalog;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/// Key-value pairs of a record: unmodifiable, sorted by key.
final class Properties {

  private Properties() {}

  static Map<String, String> copyOf(Map<String, String> values) {
    return Collections.unmodifiableMap(new TreeMap<>(values));
  }
}
