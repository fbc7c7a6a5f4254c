// SPDX-License-Identifier: Apache-2.0
package io.strata.spi;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// The device-config of a PBD: how this host reaches the storage. Unmodifiable, sorted by key.
public record DeviceConfig(Map<String, String> values) {

  public DeviceConfig {
    values = java.util.Collections.unmodifiableMap(new TreeMap<>(values));
  }

  /// The value of a key, absent also where it is empty.
  public Optional<String> get(String key) {
    return Optional.ofNullable(values.get(key)).filter(v -> !v.isEmpty());
  }

  /// The value of a key that must be there.
  ///
  /// @param missing the number for its absence
  public String require(String key, ErrorCode missing) throws StorageException {
    return get(key)
        .orElseThrow(() ->
            new StorageException(
                missing,
                "The device-config key '" + key + "' is missing.",
                "Give device-config:" + key + "=VALUE."));
  }
}
