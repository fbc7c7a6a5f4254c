// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import java.io.IOException;

/// An image contradicts the format or itself. Nothing was changed.
///
/// The message names the image, the offset, what was expected and what was found.
public final class VhdCorruptException extends IOException {
  private static final long serialVersionUID = 1L;

  private final long offsetBytes;

  /// @param location the image
  /// @param offsetBytes where in it
  public VhdCorruptException(String location, long offsetBytes, String expected, String found) {
    super(
        location
            + " is corrupt at byte "
            + offsetBytes
            + ": expected "
            + expected
            + ", found "
            + found);
    this.offsetBytes = offsetBytes;
  }

  /// Where in the image.
  public long offsetBytes() {
    return offsetBytes;
  }
}
