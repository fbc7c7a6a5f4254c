// SPDX-License-Identifier: Apache-2.0
/// What a storage driver implements, and the value types everybody shares.
@NullMarked
package io.strata.spi;

import org.jspecify.annotations.NullMarked;
