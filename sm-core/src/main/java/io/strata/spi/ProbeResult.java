// SPDX-License-Identifier: Apache-2.0
package io.strata.spi;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What a probe found.
///
/// @param candidates configurations that could be used, in part or whole
public record ProbeResult(List<Candidate> candidates) {

  public ProbeResult {
    candidates = List.copyOf(candidates);
  }

  /// One configuration.
  ///
  /// @param config device-config to use
  /// @param complete whether an SR can be created or introduced with it as it stands
  /// @param sr the SR that already lives there
  /// @param details facts to show, by name in the field's words: `path`, `vendor`, `model`,
  ///   `serial`, `size`, `bus`...
  public record Candidate(
      DeviceConfig config, boolean complete, Optional<SrUuid> sr, Map<String, String> details) {

    public Candidate {
      details = java.util.Collections.unmodifiableMap(new java.util.LinkedHashMap<>(details));
    }
  }
}
