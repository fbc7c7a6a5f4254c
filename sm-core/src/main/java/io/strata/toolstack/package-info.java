// SPDX-License-Identifier: Apache-2.0
/// The front ends.
@NullMarked
package io.strata.toolstack;

import org.jspecify.annotations.NullMarked;
