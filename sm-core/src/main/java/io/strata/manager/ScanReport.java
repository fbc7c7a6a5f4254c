// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.spi.VdiUuid;
import java.util.List;

/// What `sr-scan` changed in the catalog.
///
/// @param added volumes that the catalog did not know
/// @param missing VDIs whose volume is not on the storage
/// @param found VDIs that were missing before
/// @param gone hidden nodes that are no more
public record ScanReport(
    List<VdiUuid> added, List<VdiUuid> missing, List<VdiUuid> found, List<VdiUuid> gone) {

  public ScanReport {
    added = List.copyOf(added);
    missing = List.copyOf(missing);
    found = List.copyOf(found);
    gone = List.copyOf(gone);
  }
}
