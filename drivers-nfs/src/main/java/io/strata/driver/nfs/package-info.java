// SPDX-License-Identifier: Apache-2.0
/// NFS exports as storage repositories: not built yet, so it offers no driver.
@NullMarked
package io.strata.driver.nfs;

import org.jspecify.annotations.NullMarked;
