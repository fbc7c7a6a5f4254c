// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.spi.SrUuid;
import io.strata.spi.VdiUuid;
import java.util.Map;

/// Request of `vdi-introduce`: a volume that is on the storage becomes a VDI of the catalog.
///
/// @param location the SR's own name for it: its UUID
public record VdiIntroduce(
    VdiUuid uuid,
    SrUuid sr,
    String type,
    String location,
    String nameLabel,
    String nameDescription,
    boolean sharable,
    boolean readOnly,
    Map<String, String> smConfig) {

  public VdiIntroduce {
    smConfig = Map.copyOf(smConfig);
  }
}
