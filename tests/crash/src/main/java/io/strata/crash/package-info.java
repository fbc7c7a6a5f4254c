// SPDX-License-Identifier: Apache-2.0
/// Power cuts at every write, injected faults and kill -9.
@NullMarked
package io.strata.crash;

import org.jspecify.annotations.NullMarked;
