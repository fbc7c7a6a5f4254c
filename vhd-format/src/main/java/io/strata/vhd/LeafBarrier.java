// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import io.strata.block.Container;
import java.io.IOException;

/// Makes everything written to a leaf's container durable, its footer too. A failure is for good.
final class LeafBarrier implements LeafFooter.Barrier {
  private final Container container;
  private final LeafFooter footer;
  private final FailedFlush failed;

  LeafBarrier(Container container, LeafFooter footer) {
    this.container = container;
    this.footer = footer;
    failed = new FailedFlush(container.location());
  }

  @Override
  public void run() throws IOException {
    long footerWrites = footer.writes();
    try {
      container.flush();
    } catch (IOException e) {
      failed.note(e);
      throw e;
    }
    footer.durable(footerWrites);
  }

  /// Throws if an earlier barrier failed.
  void checkUsable() throws IOException {
    failed.check();
  }
}
