// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.spi.SrUuid;
import io.strata.spi.VdiUuid;
import io.strata.spi.VolumeFinding;
import java.util.List;

/// What `sr-check` found.
///
/// @param sr the SR
/// @param checked how many volumes were looked at, hidden nodes included
/// @param busy volumes that were being written to and so were not looked at
/// @param findings in the order of the volumes, parents before children
/// @param moreFindings findings beyond those that are kept
public record SrCheckReport(
    SrUuid sr, int checked, List<VdiUuid> busy, List<VolumeFinding> findings, long moreFindings) {

  public SrCheckReport {
    busy = List.copyOf(busy);
    findings = List.copyOf(findings);
  }

  /// How many of the findings kept have this severity.
  public long count(VolumeFinding.Severity severity) {
    return findings.stream().filter(finding -> finding.severity() == severity).count();
  }
}
