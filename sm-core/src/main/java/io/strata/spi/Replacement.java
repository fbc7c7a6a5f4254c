// SPDX-License-Identifier: Apache-2.0
package io.strata.spi;

import io.strata.block.BlockDevice;
import java.util.Optional;

/// The device that takes an open device's place after an operation, where there is one. The
/// replaced device is dead then: what it held belongs to the new one, and it must not be closed.
public record Replacement(Optional<BlockDevice> device) {

  /// The open device stays as it is.
  public static Replacement none() {
    return new Replacement(Optional.empty());
  }

  /// The open device is to be swapped for this one.
  public static Replacement of(BlockDevice device) {
    return new Replacement(Optional.of(device));
  }
}
