// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

/// What a volume may be after a crash.
///
/// @param presence whether it may be missing
/// @param model what its sectors may hold, if it is there
record VolumeState(Presence presence, SectorModel model) {

  /// Whether a volume must be there.
  enum Presence {
    /// It must.
    CERTAIN,
    /// It may be missing, since it comes or goes just now.
    POSSIBLE
  }

  static VolumeState certain(SectorModel model) {
    return new VolumeState(Presence.CERTAIN, model);
  }

  static VolumeState possible(SectorModel model) {
    return new VolumeState(Presence.POSSIBLE, model);
  }
}
