// SPDX-License-Identifier: Apache-2.0
/// Drivers that only imitate storage, for tests and demonstrations: one whose volumes grow in
/// coarse steps as a LUN's do, and one that answers snapshots itself as an array does.
@NullMarked
package io.strata.simulator;

import org.jspecify.annotations.NullMarked;
