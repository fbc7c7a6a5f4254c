// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import java.util.List;
import java.util.UUID;

/// What a differencing image says of its parent.
///
/// @param uuid footer UUID of the parent; zero means a raw parent
/// @param timestamp the parent's timestamp when the child was made, unsigned seconds since 2000
/// @param name the parent's base name, a hint
/// @param locatorPaths the paths of the locators, hints that are never opened
public record ParentLink(UUID uuid, int timestamp, String name, List<String> locatorPaths) {

  public ParentLink {
    locatorPaths = List.copyOf(locatorPaths);
  }

  /// Whether the parent is said to be a raw disk.
  public boolean raw() {
    return uuid.equals(DynamicHeader.NO_PARENT);
  }
}
