// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.spi.AccessMode;
import io.strata.spi.VdiUuid;

/// An attached VDI.
///
/// @param activated whether I/O may be under way
/// @param uri where clients find it: `nbd+unix:///NAME?socket=PATH` or `nbd://HOST:PORT/NAME`
/// @param exportName the export's name: the VDI's UUID
public record Attachment(
    VdiUuid vdi,
    String domain,
    AccessMode mode,
    boolean activated,
    String uri,
    String exportName,
    long sizeBytes) {}
