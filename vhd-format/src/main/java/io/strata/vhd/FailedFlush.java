// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// Whether a flush of a container failed. That is for good: the kernel may have dropped what it
/// could not write, and a second flush would not notice.
final class FailedFlush {
  private final String location;
  private volatile @Nullable IOException failure;

  FailedFlush(String location) {
    this.location = location;
  }

  void note(IOException failed) {
    failure = failed;
  }

  /// Throws if an earlier flush failed.
  void check() throws IOException {
    IOException failed = failure;
    if (failed != null) {
      throw new IOException(
          location + " failed an earlier flush and must be reopened: " + failed.getMessage(),
          failed);
    }
  }
}
