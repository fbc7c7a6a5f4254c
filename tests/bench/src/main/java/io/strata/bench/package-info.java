// SPDX-License-Identifier: Apache-2.0
/// Benchmarks beside peers: each figure stands next to a peer's of the same run.
@NullMarked
package io.strata.bench;

import org.jspecify.annotations.NullMarked;
