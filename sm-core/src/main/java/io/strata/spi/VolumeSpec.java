// SPDX-License-Identifier: Apache-2.0
package io.strata.spi;

/// What a new volume must be.
///
/// @param sizeBytes smallest virtual size, in bytes
/// @param kind how its bytes are kept: [Volume.Kind#VHD] unless the user asked otherwise
public record VolumeSpec(long sizeBytes, Volume.Kind kind) {}
