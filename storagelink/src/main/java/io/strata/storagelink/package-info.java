// SPDX-License-Identifier: Apache-2.0
/// Array adapters: not built yet, so it offers no driver.
@NullMarked
package io.strata.storagelink;

import org.jspecify.annotations.NullMarked;
