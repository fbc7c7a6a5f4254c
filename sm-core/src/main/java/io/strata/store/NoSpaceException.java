// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import java.io.IOException;

/// A store has no room for what was asked. The message begins as the operating system's own does,
/// so that whoever reads only messages understands it as ENOSPC.
public final class NoSpaceException extends IOException {
  private static final long serialVersionUID = 1L;

  /// @param location which store
  public NoSpaceException(String location, long wantedBytes, long freeBytes) {
    super(
        "No space left on device: "
            + location
            + " has "
            + freeBytes
            + " bytes free, "
            + wantedBytes
            + " are needed");
  }
}
