// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import io.strata.block.Container;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// Makes everything written to a leaf's container durable. A failure is for good: the kernel may
/// have dropped what it could not write, and a second flush would not notice.
final class LeafBarrier implements LeafFooter.Barrier {
  private final Container container;
  private final LeafFooter footer;
  private volatile @Nullable IOException failure;

  LeafBarrier(Container container, LeafFooter footer) {
    this.container = container;
    this.footer = footer;
  }

  @Override
  public void run() throws IOException {
    long footerWrites = footer.writes();
    try {
      container.flush();
    } catch (IOException e) {
      failure = e;
      throw e;
    }
    footer.durable(footerWrites);
  }

  /// Throws if an earlier barrier failed.
  void checkUsable() throws IOException {
    IOException failed = failure;
    if (failed != null) {
      throw new IOException(
          container.location()
              + " failed an earlier flush and must be reopened: "
              + failed.getMessage(),
          failed);
    }
  }
}
