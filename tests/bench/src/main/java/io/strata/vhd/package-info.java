// SPDX-License-Identifier: Apache-2.0
/// Measurements of parts that only their own package can reach.
@NullMarked
package io.strata.vhd;

import org.jspecify.annotations.NullMarked;
