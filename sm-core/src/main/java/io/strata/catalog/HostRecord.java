// SPDX-License-Identifier: Apache-2.0
package io.strata.catalog;

import io.strata.spi.HostUuid;

/// A host that runs Strata.
public record HostRecord(HostUuid uuid, String nameLabel) {}
