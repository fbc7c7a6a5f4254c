// SPDX-License-Identifier: Apache-2.0
/// The process that holds the manager and serves the API.
@NullMarked
package io.strata.toolstack.daemon;

import org.jspecify.annotations.NullMarked;
