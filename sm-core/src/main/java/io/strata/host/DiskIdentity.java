// SPDX-License-Identifier: Apache-2.0
package io.strata.host;

import java.util.Optional;

/// What a disk says of itself; printable, without padding, empty where it says nothing.
///
/// @param wwn world wide name as the kernel prints it: `naa.5000c500a1b2c3d4`, `eui.0025...`
public record DiskIdentity(
    Optional<String> vendor,
    Optional<String> model,
    Optional<String> serial,
    Optional<String> wwn) {}
