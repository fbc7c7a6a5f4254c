// SPDX-License-Identifier: Apache-2.0
/// Fibre Channel LUNs as storage repositories: not built yet, so it offers no driver.
@NullMarked
package io.strata.driver.fc;

import org.jspecify.annotations.NullMarked;
