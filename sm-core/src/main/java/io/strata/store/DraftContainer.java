// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import io.strata.block.Container;
import io.strata.block.ForwardingContainer;
import java.io.IOException;
import java.nio.ByteBuffer;

/// A container that nobody relies on before it is flushed as a whole, by who made it: flushes on
/// the way do nothing.
final class DraftContainer extends ForwardingContainer {
  DraftContainer(Container below) {
    super(below);
  }

  @Override
  public void flush() {}

  @Override
  public void write(long offsetBytes, ByteBuffer source, Durability durability) throws IOException {
    below.write(offsetBytes, source, Durability.WRITE_BACK);
  }

  @Override
  public void writeZeroes(
      long offsetBytes, long lengthBytes, Zeroing zeroing, Durability durability)
      throws IOException {
    below.writeZeroes(offsetBytes, lengthBytes, zeroing, Durability.WRITE_BACK);
  }
}
