// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.block.sim.LogEntry;
import io.strata.block.sim.MemoryContainer;
import java.util.List;
import java.util.Map;

/// What a workload did to storage.
///
/// @param entries its log; markers hold an [Expectation]
/// @param before the containers as they were before; those of a higher number were empty
/// @param names which name meant which container before
record Recording(List<LogEntry> entries, List<MemoryContainer> before, Map<String, Integer> names) {
  Recording {
    entries = List.copyOf(entries);
    before = List.copyOf(before);
    names = Map.copyOf(names);
  }

  /// On storage that was empty before.
  static Recording ofNew(List<LogEntry> entries) {
    return new Recording(entries, List.of(), Map.of());
  }
}
