// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import io.strata.block.sim.MemoryContainer;
import io.strata.vhd.ParentResolver;

/// A damaged image, and what must become of it.
///
/// @param contentKept whether the disk reads the same before and after a repair
record BadImage(
    String name,
    Outcome outcome,
    MemoryContainer image,
    ParentResolver parents,
    boolean contentKept) {

  enum Outcome {
    /// The image contradicts the format or itself.
    CORRUPT,
    /// Its parent must not be used.
    REFUSED,
    /// It is opened; the checker warns.
    WARNED
  }

  @Override
  public String toString() {
    return name;
  }
}
