// SPDX-License-Identifier: Apache-2.0
package io.strata.block.sim;

import java.util.OptionalLong;

/// An I/O that a plan made fail.
///
/// @param what the container, or what else it was done to
/// @param offsetBytes the first byte it was asked for; 0 where it has no range
/// @param lengthBytes 0 where it has no range
/// @param landedBytes the first byte that a misdirected write changed in its place
public record FaultHit(
    IoKind kind,
    Fault fault,
    String what,
    long offsetBytes,
    long lengthBytes,
    OptionalLong landedBytes) {
  FaultHit landed(long elsewhereBytes) {
    return new FaultHit(
        kind, fault, what, offsetBytes, lengthBytes, OptionalLong.of(elsewhereBytes));
  }
}
