// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static io.strata.vhd.VhdLayout.SECTOR_BYTES;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.Container;
import java.io.IOException;
import java.util.function.UnaryOperator;

/// The footer of an image that takes writes, in its two places.
///
/// One of the two is durable and whole at any time: the copy at offset 0 changes first, the one at
/// the end follows once that is durable, and the image grows only then. So a power cut leaves a
/// footer even where it tears a sector within.
///
/// Thread-safe by its own monitor, which comes after the allocator's in the lock order.
final class LeafFooter {
  /// Where the two places stand.
  private enum State {
    /// Both are durable and the same.
    SETTLED,
    /// The copy was written and is not durable yet.
    COPY_IN_FLIGHT,
    /// The copy is durable, and the end does not have it yet.
    END_STALE,
    /// The copy is durable; the end was written and is not durable yet.
    END_IN_FLIGHT
  }

  /// Makes everything written so far durable, and tells [#durable] so.
  @FunctionalInterface
  interface Barrier {
    void run() throws IOException;
  }

  private final Container container;

  // All guarded by this.
  private VhdFooter footer;
  private State state;
  private long writes;

  private LeafFooter(Container container, VhdFooter footer, State state) {
    this.container = container;
    this.footer = footer;
    this.state = state;
  }

  /// Takes a footer over. A copy at offset 0 that is not in force is put right, durably; where the
  /// end has another footer, [#spread] does that.
  static LeafFooter open(Container container, VhdMetadata metadata) throws IOException {
    if (metadata.trailingFooterValid()) {
      return new LeafFooter(container, metadata.footer(), State.SETTLED);
    }
    boolean copyInForce =
        Footers.read(container).copy().filter(metadata.footer()::equals).isPresent();
    if (!copyInForce) {
      writeCopy(container, metadata.footer());
      // Barrier: the copy is there before the one at the end is touched, or left behind by growth.
      container.flush();
    }
    return new LeafFooter(container, metadata.footer(), State.END_STALE);
  }

  synchronized VhdFooter footer() {
    return footer;
  }

  /// Changes the copy, which is the authoritative one. Durable after the next barrier; the end
  /// follows by [#spread].
  ///
  /// @param how makes the new footer from the one in force
  synchronized void change(UnaryOperator<VhdFooter> how, Barrier barrier) throws IOException {
    settle(barrier);
    VhdFooter changed = how.apply(footer);
    writeCopy(container, changed);
    footer = changed;
    wrote(State.COPY_IN_FLIGHT);
  }

  /// Makes the image larger, and writes the footer at its new end. Where that write fails,
  /// [#spread] does it later.
  synchronized void grow(long sizeBytes, Barrier barrier) throws IOException {
    settleCopy(barrier);
    container.ensureCapacity(sizeBytes);
    state = State.END_STALE;
    writeEnd();
  }

  /// Brings the end up to date where the copy is durable.
  ///
  /// @return whether anything of the footer is not durable yet
  synchronized boolean spread() throws IOException {
    if (state == State.END_STALE) {
      writeEnd();
    }
    return state != State.SETTLED;
  }

  /// How many writes there were, to be asked before a flush.
  synchronized long writes() {
    return writes;
  }

  /// Notes that a flush is done.
  ///
  /// @param covered what [#writes] said before it
  synchronized void durable(long covered) {
    if (covered != writes) {
      return;
    }
    state =
        switch (state) {
          case COPY_IN_FLIGHT, END_STALE -> State.END_STALE;
          case END_IN_FLIGHT, SETTLED -> State.SETTLED;
        };
  }

  private void settle(Barrier barrier) throws IOException {
    settleCopy(barrier);
    if (spread()) {
      // Barrier: the end has the footer in force before the copy is written over.
      barrier.run();
    }
  }

  private void settleCopy(Barrier barrier) throws IOException {
    if (state == State.COPY_IN_FLIGHT) {
      // Barrier: the copy is there before the end changes, or moves away from its footer.
      barrier.run();
    }
  }

  private void writeEnd() throws IOException {
    Footers.writeTrailing(container, footer);
    wrote(State.END_IN_FLIGHT);
  }

  private void wrote(State next) {
    state = next;
    writes++;
  }

  private static void writeCopy(Container container, VhdFooter footer) throws IOException {
    container.write(0, footer.toBytes().limit(SECTOR_BYTES), Durability.WRITE_BACK);
  }
}
