// SPDX-License-Identifier: Apache-2.0
/// Where volumes live.
@NullMarked
package io.strata.store;

import org.jspecify.annotations.NullMarked;
