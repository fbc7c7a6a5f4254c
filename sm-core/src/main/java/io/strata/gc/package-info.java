// SPDX-License-Identifier: Apache-2.0
/// What no one needs any more: planner and coalesce jobs.
@NullMarked
package io.strata.gc;

import org.jspecify.annotations.NullMarked;
