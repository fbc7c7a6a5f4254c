// SPDX-License-Identifier: Apache-2.0
/// The local API over a unix socket, and the daemon.
@NullMarked
package io.strata.toolstack.rpc;

import org.jspecify.annotations.NullMarked;
