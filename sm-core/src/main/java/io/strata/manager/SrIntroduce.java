// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.spi.SrUuid;

/// Request of `sr-introduce`: an SR that exists on its storage comes back to the catalog. Its
/// contents follow with `pbd-create` and `pbd-plug`.
///
/// @param nameLabel its name; empty: the one that the SR carries, once it is plugged
public record SrIntroduce(
    SrUuid uuid,
    String type,
    String nameLabel,
    String nameDescription,
    boolean shared,
    String contentType) {}
