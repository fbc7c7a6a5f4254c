// SPDX-License-Identifier: Apache-2.0
/// The only place that starts processes and reads the host.
@NullMarked
package io.strata.host;

import org.jspecify.annotations.NullMarked;
