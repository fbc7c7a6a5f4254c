// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.spi.DeviceConfig;
import io.strata.spi.SrUuid;
import java.util.Map;
import java.util.Optional;

/// Request of `sr-create`.
///
/// @param uuid the identity to take; absent: a new one
/// @param type the driver's SR type
/// @param contentType `user` or `iso`
public record SrCreate(
    Optional<SrUuid> uuid,
    String type,
    String nameLabel,
    String nameDescription,
    DeviceConfig deviceConfig,
    boolean shared,
    String contentType,
    Map<String, String> smConfig) {

  public SrCreate {
    smConfig = Map.copyOf(smConfig);
  }

  /// With nothing but what must be given.
  public static SrCreate of(String type, String nameLabel, DeviceConfig deviceConfig) {
    return new SrCreate(
        Optional.empty(), type, nameLabel, "", deviceConfig, false, "user", Map.of());
  }
}
