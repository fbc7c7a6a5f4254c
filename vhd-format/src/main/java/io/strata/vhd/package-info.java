// SPDX-License-Identifier: Apache-2.0
/// The VHD format and its copy-on-write engine.
@NullMarked
package io.strata.vhd;

import org.jspecify.annotations.NullMarked;
