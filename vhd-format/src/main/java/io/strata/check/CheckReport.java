// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import io.strata.vhd.DiskType;
import java.util.List;
import java.util.Optional;
import java.util.Set;
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
/// @param findings in the order of discovery; those in parents too, where the whole chain was
///   looked at
/// @param mended those of them that a repair of the image which they are in mends
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
    Set<Finding> mended,
    long moreFindings) {

  public CheckReport {
    findings = List.copyOf(findings);
    mended = Set.copyOf(mended);
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

  /// Whether a finding is in the image itself, and not in a parent.
  public boolean own(Finding finding) {
    return finding.where().image().equals(image);
  }

  /// What a repair of the image that a finding is in does about it; empty where it does nothing.
  public Optional<Fix> fix(Finding finding) {
    return mended.contains(finding) ? finding.remedy() : Optional.empty();
  }

  /// Whether some finding in the image itself can be repaired.
  public boolean repairable() {
    return findings.stream().anyMatch(finding -> own(finding) && fix(finding).isPresent());
  }

  /// The parents in which some finding can be repaired, each by a repair of its own.
  public List<String> repairableParents() {
    return findings.stream()
        .filter(finding -> !own(finding) && fix(finding).isPresent())
        .map(finding -> finding.where().image())
        .distinct()
        .toList();
  }
}
