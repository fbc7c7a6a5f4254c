// SPDX-License-Identifier: Apache-2.0
/// What `docs/ARCHITECTURE.md` says about the shape of the code, as tests.
@NullMarked
package io.strata.architecture;

import org.jspecify.annotations.NullMarked;
