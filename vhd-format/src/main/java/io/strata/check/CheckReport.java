// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import io.strata.vhd.DiskType;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// What a check found.
///
/// @param image the image's location
/// @param uuid its UUID, where a valid footer says it
/// @param type its type, where a valid footer says it
/// @param diskBytes size of the disk; 0 where no footer is valid
/// @param imageBytes size of the image
/// @param blocks blocks of the disk; 0 in fixed images and where no header is valid
/// @param allocatedBlocks blocks that the BAT names; at least, where they are more than fit
/// @param depth images in the chain, where parents were looked at, else 1
/// @param bitmapsChecked whether the blocks' data was looked at
/// @param findings in the order of discovery
/// @param moreFindings findings beyond those that are kept
public record CheckReport(
    String image,
    Optional<UUID> uuid,
    Optional<DiskType> type,
    long diskBytes,
    long imageBytes,
    int blocks,
    long allocatedBlocks,
    int depth,
    boolean bitmapsChecked,
    List<Finding> findings,
    long moreFindings) {

  public CheckReport {
    findings = List.copyOf(findings);
  }

  /// The severity of the worst finding; empty where there is none.
  public Optional<Severity> worst() {
    return findings.stream().map(Finding::severity).max(Severity::compareTo);
  }

  /// How many of the findings kept have this severity.
  public long count(Severity severity) {
    return findings.stream().filter(finding -> finding.severity() == severity).count();
  }

  /// Whether nothing is worse than [Severity#INFO].
  public boolean clean() {
    return worst().map(worst -> worst == Severity.INFO).orElse(true);
  }

  /// Whether some finding can be repaired.
  public boolean repairable() {
    return findings.stream().anyMatch(finding -> finding.fix().isPresent());
  }
}
