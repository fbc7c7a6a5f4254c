// SPDX-License-Identifier: Apache-2.0
/// The block backend: an NBD server for block devices.
@NullMarked
package io.strata.nbd;

import org.jspecify.annotations.NullMarked;
