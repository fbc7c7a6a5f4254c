// SPDX-License-Identifier: Apache-2.0
package io.strata.spi;

import java.util.List;
import java.util.Set;

/// What `sm-list` and a toolstack's driver query show of a driver.
///
/// @param type SR type, lower case: `file`, `ext`, `nfs`...
/// @param simulator whether it only imitates storage; said wherever the driver is shown
/// @param configuration the device-config keys it understands
public record DriverDescription(
    String type,
    String name,
    String description,
    String vendor,
    String version,
    boolean simulator,
    Set<Capability> capabilities,
    List<ConfigKey> configuration) {

  /// One device-config key.
  public record ConfigKey(String name, String description, boolean required) {}

  public DriverDescription {
    capabilities = Set.copyOf(capabilities);
    configuration = List.copyOf(configuration);
  }
}
