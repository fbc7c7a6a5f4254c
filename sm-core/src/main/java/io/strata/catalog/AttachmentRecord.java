// SPDX-License-Identifier: Apache-2.0
package io.strata.catalog;

import io.strata.spi.AccessMode;
import io.strata.spi.HostUuid;
import io.strata.spi.VdiUuid;
import java.util.Optional;

/// One domain's hold on a VDI.
///
/// @param domain who holds it, in the toolstack's words; `0` for the host itself
/// @param mode how it was attached
/// @param activated whether I/O may be under way
/// @param endpoint where its export is served: `unix`, or `tcp:HOST:PORT`
/// @param lastError why it is not served, where restoring it failed
public record AttachmentRecord(
    VdiUuid vdi,
    HostUuid host,
    String domain,
    AccessMode mode,
    boolean activated,
    String endpoint,
    Optional<String> lastError) {}
