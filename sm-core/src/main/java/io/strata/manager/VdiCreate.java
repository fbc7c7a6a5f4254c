// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.spi.SrUuid;
import io.strata.spi.VdiUuid;
import io.strata.spi.Volume;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Request of `vdi-create`.
///
/// @param uuid the identity to take; absent: a new one
/// @param sizeBytes virtual size; rounded up to 2 MiB
/// @param type `user`, `system`...
/// @param kind how its bytes are kept
public record VdiCreate(
    Optional<VdiUuid> uuid,
    SrUuid sr,
    String nameLabel,
    String nameDescription,
    long sizeBytes,
    String type,
    Volume.Kind kind,
    boolean sharable,
    boolean readOnly,
    List<String> tags,
    Map<String, String> smConfig,
    Map<String, String> otherConfig) {

  public VdiCreate {
    tags = List.copyOf(tags);
    smConfig = Map.copyOf(smConfig);
    otherConfig = Map.copyOf(otherConfig);
  }

  /// With nothing but what must be given.
  public static VdiCreate of(SrUuid sr, String nameLabel, long sizeBytes) {
    return new VdiCreate(
        Optional.empty(),
        sr,
        nameLabel,
        "",
        sizeBytes,
        "user",
        Volume.Kind.VHD,
        false,
        false,
        List.of(),
        Map.of(),
        Map.of());
  }
}
