// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.block.sim.LogEntry;
import java.util.Map;

/// Which name means which container.
final class Names {
  private Names() {}

  /// Changes the names as an entry of the log says.
  static void apply(Map<String, Integer> names, LogEntry.NameChange change) {
    change.removed().ifPresent(names::remove);
    change
        .container()
        .ifPresentOrElse(
            container -> names.put(change.name(), container), () -> names.remove(change.name()));
  }
}
