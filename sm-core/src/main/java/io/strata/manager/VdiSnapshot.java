// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.spi.VdiUuid;
import java.util.Map;
import java.util.Optional;

/// Request of `vdi-snapshot`.
///
/// @param uuid the snapshot's identity; absent: a new one
/// @param nameLabel the snapshot's name; absent: the source's and ` snapshot`
public record VdiSnapshot(
    VdiUuid source,
    Optional<VdiUuid> uuid,
    Optional<String> nameLabel,
    Map<String, String> driverParams) {

  public VdiSnapshot {
    driverParams = Map.copyOf(driverParams);
  }

  /// With nothing but what must be given.
  public static VdiSnapshot of(VdiUuid source) {
    return new VdiSnapshot(source, Optional.empty(), Optional.empty(), Map.of());
  }
}
