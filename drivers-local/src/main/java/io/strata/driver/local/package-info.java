// SPDX-License-Identifier: Apache-2.0
/// Local disks and folders as storage repositories.
@NullMarked
package io.strata.driver.local;

import org.jspecify.annotations.NullMarked;
