// SPDX-License-Identifier: Apache-2.0
/// The façade: lock, intent, dispatch, recovery.
@NullMarked
package io.strata.manager;

import org.jspecify.annotations.NullMarked;
