// SPDX-License-Identifier: Apache-2.0
package io.strata.block;

import java.io.IOException;

/// A change was asked of a device that is open for reading only.
public final class ReadOnlyDeviceException extends IOException {
  private static final long serialVersionUID = 1L;

  /// @param location which device
  public ReadOnlyDeviceException(String location) {
    super(location + " is open for reading only");
  }
}
