// SPDX-License-Identifier: Apache-2.0
/// The real daemon as a process that is killed, again and again, under clients that check every
/// byte.
@NullMarked
package io.strata.crash.kill;

import org.jspecify.annotations.NullMarked;
