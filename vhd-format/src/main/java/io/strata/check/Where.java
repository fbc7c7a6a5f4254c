// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import java.util.OptionalInt;

/// Where a finding is.
///
/// @param image the image's location
/// @param offsetBytes the first byte concerned, in the image
/// @param block the block concerned, if it is one
public record Where(String image, long offsetBytes, OptionalInt block) {

  static Where at(String image, long offsetBytes) {
    return new Where(image, offsetBytes, OptionalInt.empty());
  }

  static Where block(String image, long offsetBytes, int block) {
    return new Where(image, offsetBytes, OptionalInt.of(block));
  }
}
