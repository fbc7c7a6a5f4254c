// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import java.io.IOException;

/// Whoever asked for a transfer, or somebody in his place, gave it up.
final class CancelledException extends IOException {
  private static final long serialVersionUID = 1L;

  CancelledException() {
    super("it was cancelled");
  }
}
