// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import java.io.IOException;

/// A chain that must not be opened: its parent is missing, lies elsewhere, is another disk, was
/// changed since, or the chain loops. Nothing was changed.
public final class VhdRejectedException extends IOException {
  private static final long serialVersionUID = 1L;

  /// @param message which image and why, with values
  public VhdRejectedException(String message) {
    super(message);
  }
}
