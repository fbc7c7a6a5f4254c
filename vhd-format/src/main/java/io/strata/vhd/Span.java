// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import io.strata.block.Container;
import org.jspecify.annotations.Nullable;

/// Where a range's first bytes are. A mutable carrier, so that a read makes no garbage.
final class Span {
  /// Null where no image holds the bytes: they read as zeroes.
  @Nullable Container container;

  long offsetBytes;
  long lengthBytes;

  void set(@Nullable Container container, long offsetBytes, long lengthBytes) {
    this.container = container;
    this.offsetBytes = offsetBytes;
    this.lengthBytes = lengthBytes;
  }
}
