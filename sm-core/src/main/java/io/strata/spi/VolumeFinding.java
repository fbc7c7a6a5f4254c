// SPDX-License-Identifier: Apache-2.0
package io.strata.spi;

import java.util.Optional;
import java.util.OptionalInt;

/// One thing in a volume that is not as it should be.
///
/// @param volume the volume
/// @param name the kind of finding, for programs: `entries-overlap`
/// @param location where it is: a file, or another name for what holds the volume
/// @param offsetBytes the first byte concerned, within the location
/// @param block the block concerned, if it is one
/// @param expected what should be there
/// @param found what is there
/// @param sentence the finding for people
/// @param repair what a repair would do; empty where it can do nothing
public record VolumeFinding(
    VdiUuid volume,
    String name,
    Severity severity,
    String location,
    long offsetBytes,
    OptionalInt block,
    String expected,
    String found,
    String sentence,
    Optional<String> repair) {

  /// How bad a finding is, the mildest first.
  public enum Severity {
    /// Unusual, and harmless.
    INFO,
    /// The volume works; other programs may refuse or misread it, or a safeguard is gone.
    WARNING,
    /// The volume contradicts itself, or can't be used.
    ERROR
  }

  /// Whether this is worse than [Severity#INFO].
  public boolean bad() {
    return severity != Severity.INFO;
  }
}
