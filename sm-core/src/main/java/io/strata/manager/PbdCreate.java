// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.spi.DeviceConfig;
import io.strata.spi.HostUuid;
import io.strata.spi.SrUuid;
import java.util.Optional;

/// Request of `pbd-create`.
///
/// @param host which host; absent: this one
public record PbdCreate(SrUuid sr, Optional<HostUuid> host, DeviceConfig deviceConfig) {}
