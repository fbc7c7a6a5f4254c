// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import java.util.List;

/// What a volume may be after a crash.
///
/// @param presence whether it may be missing
/// @param alternatives what it may be as a whole, if it is there
record VolumeState(Presence presence, List<DiskModel> alternatives) {
  VolumeState {
    alternatives = List.copyOf(alternatives);
  }

  /// Whether a volume must be there.
  enum Presence {
    /// It must.
    CERTAIN,
    /// It may be missing, since it comes or goes just now.
    POSSIBLE
  }

  static VolumeState certain(DiskModel... alternatives) {
    return new VolumeState(Presence.CERTAIN, List.of(alternatives));
  }

  static VolumeState possible(DiskModel disk) {
    return new VolumeState(Presence.POSSIBLE, List.of(disk));
  }

  VolumeState as(Presence other) {
    return new VolumeState(other, alternatives);
  }
}
