// SPDX-License-Identifier: Apache-2.0
package io.strata.catalog;

import io.strata.spi.DeviceConfig;
import io.strata.spi.HostUuid;
import io.strata.spi.PbdUuid;
import io.strata.spi.SrUuid;
import java.util.Map;
import java.util.Optional;

/// How one host reaches an SR.
///
/// @param plugged whether the SR is to be reachable on the host; outlives the daemon
/// @param lastError why it is not, where plugging failed
public record PbdRecord(
    PbdUuid uuid,
    SrUuid sr,
    HostUuid host,
    DeviceConfig deviceConfig,
    boolean plugged,
    Optional<String> lastError,
    Map<String, String> otherConfig) {

  public PbdRecord {
    otherConfig = Properties.copyOf(otherConfig);
  }

  /// Whether the SR is reachable now: `currently-attached`.
  public boolean currentlyAttached() {
    return plugged && lastError.isEmpty();
  }
}
