// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.block.CacheUse;
import io.strata.nbd.ExportStatistics;
import io.strata.spi.VdiUuid;

/// What the clients of a served disk did since it was attached, or the daemon began.
///
/// @param connections clients connected now
/// @param failed whether a flush failed, so that it takes no more writes
/// @param exports over all places at which it is served
/// @param cache how often its bitmaps and merged parents were found in memory
public record DiskStatistics(
    VdiUuid vdi, int connections, boolean failed, ExportStatistics exports, CacheUse cache) {}
