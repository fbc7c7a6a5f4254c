// SPDX-License-Identifier: Apache-2.0
/// The waist: `BlockDevice`, what holds bytes, and the decorators over it.
@NullMarked
package io.strata.block;

import org.jspecify.annotations.NullMarked;
