// SPDX-License-Identifier: Apache-2.0
package io.strata.catalog;

import io.strata.spi.SrUuid;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A storage repository as the catalog knows it.
///
/// @param type the driver's SR type: `file`, `ext`, `nfs`...
/// @param shared whether several hosts may plug it
/// @param contentType `user` or `iso`
/// @param physicalSizeBytes size of the storage at the last look; -1 while unknown
/// @param physicalUtilisationBytes what of it is taken; -1 while unknown
/// @param virtualAllocationBytes sum of its VDIs' virtual sizes
/// @param problem what is wrong with it, where something is
public record SrRecord(
    SrUuid uuid,
    String type,
    String nameLabel,
    String nameDescription,
    boolean shared,
    String contentType,
    long physicalSizeBytes,
    long physicalUtilisationBytes,
    long virtualAllocationBytes,
    Optional<String> problem,
    List<String> tags,
    Map<String, String> smConfig,
    Map<String, String> otherConfig) {

  public SrRecord {
    tags = List.copyOf(tags);
    smConfig = Properties.copyOf(smConfig);
    otherConfig = Properties.copyOf(otherConfig);
  }
}
