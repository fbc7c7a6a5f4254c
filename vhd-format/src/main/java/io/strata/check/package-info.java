// SPDX-License-Identifier: Apache-2.0
/// Integrity findings: what is wrong with an image, and what of it can be repaired.
@NullMarked
package io.strata.check;

import org.jspecify.annotations.NullMarked;
