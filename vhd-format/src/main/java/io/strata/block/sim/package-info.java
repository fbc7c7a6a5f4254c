// SPDX-License-Identifier: Apache-2.0
/// Simulators of storage: memory that keeps bytes, recorders of what was written, and injected
/// faults. Production code never imports them.
@NullMarked
package io.strata.block.sim;

import org.jspecify.annotations.NullMarked;
