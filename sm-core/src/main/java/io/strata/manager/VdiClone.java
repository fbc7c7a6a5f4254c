// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.spi.VdiUuid;
import java.util.Map;
import java.util.Optional;

/// Request of `vdi-clone`.
///
/// @param uuid the copy's identity; absent: a new one
/// @param nameLabel the copy's name; absent: the source's
/// @param nameDescription the copy's description; absent: the source's
public record VdiClone(
    VdiUuid source,
    Optional<VdiUuid> uuid,
    Optional<String> nameLabel,
    Optional<String> nameDescription,
    Map<String, String> driverParams) {

  public VdiClone {
    driverParams = Map.copyOf(driverParams);
  }

  /// With nothing but what must be given.
  public static VdiClone of(VdiUuid source) {
    return new VdiClone(source, Optional.empty(), Optional.empty(), Optional.empty(), Map.of());
  }
}
