// SPDX-License-Identifier: Apache-2.0
package io.strata.catalog;

import io.strata.spi.HostUuid;
import io.strata.spi.SrUuid;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;

/// A multi-step operation that has begun and not ended.
///
/// @param operation the verb: `vdi-snapshot`...
/// @param arguments everything a replay needs, every new UUID among it
/// @param step the last step that was done
/// @param host who does it
/// @param token the host's fencing token when it began
public record IntentRecord(
    UUID id,
    String operation,
    SrUuid sr,
    Map<String, String> arguments,
    String step,
    HostUuid host,
    long token,
    Instant created) {

  public IntentRecord {
    arguments = Properties.copyOf(arguments);
  }
}
