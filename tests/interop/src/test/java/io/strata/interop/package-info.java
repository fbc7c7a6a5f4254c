// SPDX-License-Identifier: Apache-2.0
/// Strata beside the tools that its users have: qemu, libnbd, fio, libvhdi and a Linux guest.
///
/// A test whose peer is missing is skipped, and says which peer.
@NullMarked
package io.strata.interop;

import org.jspecify.annotations.NullMarked;
