// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import java.util.List;

/// What a repair would do.
///
/// @param image the image's location
/// @param imageBytes its size, by which the plan knows the image again
/// @param steps what would be written, in this order; empty where nothing can be repaired
/// @param unfixable findings that stay
/// @param more whether another repair is needed after this one, since there is more than a plan
///   takes
public record RepairPlan(
    String image, long imageBytes, List<RepairStep> steps, List<Finding> unfixable, boolean more) {

  public RepairPlan {
    steps = List.copyOf(steps);
    unfixable = List.copyOf(unfixable);
  }
}
