// SPDX-License-Identifier: Apache-2.0
/// The only SQL: names, configuration and intentions.
@NullMarked
package io.strata.catalog;

import org.jspecify.annotations.NullMarked;
