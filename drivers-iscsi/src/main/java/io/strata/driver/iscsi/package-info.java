// SPDX-License-Identifier: Apache-2.0
/// iSCSI LUNs as storage repositories: not built yet, so it offers no driver.
@NullMarked
package io.strata.driver.iscsi;

import org.jspecify.annotations.NullMarked;
