// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.catalog.Catalog;
import io.strata.spi.HostUuid;
import java.time.Clock;

/// What every collaborator of the manager works with.
record Core(
    Catalog catalog,
    HostUuid host,
    Drivers drivers,
    PluggedSrs plugged,
    Locks locks,
    Claims claims,
    Clock clock,
    Failpoints failpoints) {}
