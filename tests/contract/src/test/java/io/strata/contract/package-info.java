// SPDX-License-Identifier: Apache-2.0
/// One suite that every driver must pass.
@NullMarked
package io.strata.contract;

import org.jspecify.annotations.NullMarked;
