// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.block.Container;
import io.strata.spi.VdiUuid;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Pieces of storage in memory, each for one SR. They outlive daemons.
///
/// Thread-safe.
final class FaultyStorages {
  private final Map<String, SimulatedStorage> byName = new HashMap<>();

  synchronized SimulatedStorage named(String name) {
    return byName.computeIfAbsent(
        name, _ -> new SimulatedStorage(List.of(), Map.of(), Optional.empty(), 0));
  }

  /// The location of the container that a VHD volume is in.
  synchronized Optional<String> locationOf(VdiUuid vdi) {
    return byName.values().stream()
        .flatMap(storage -> storage.locationOf(vdi + ".vhd").stream())
        .findFirst();
  }

  /// The container with a location, sound.
  synchronized Optional<Container> at(String location) {
    return byName.values().stream().flatMap(storage -> storage.at(location).stream()).findFirst();
  }
}
