// SPDX-License-Identifier: Apache-2.0
package io.strata.block.sim;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.Container;
import io.strata.block.WriteQueue;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.BooleanSupplier;

/// Direct writes at their worst: some are made at once, the others when they are drained, in
/// another order; what is not drained is lost.
final class HeldWriteQueue implements WriteQueue {
  private final Container container;
  private final Random chance = new Random(1);
  private final List<Held> held = new ArrayList<>();
  private final BooleanSupplier drains;
  private Optional<IOException> failure = Optional.empty();

  private record Held(long offsetBytes, ByteBuffer bytes) {}

  /// @param drains whether draining helps
  HeldWriteQueue(Container container, BooleanSupplier drains) {
    this.container = container;
    this.drains = drains;
  }

  @Override
  public boolean offer(long offsetBytes, ByteBuffer source) throws IOException {
    checkFailure();
    if (offsetBytes % Page.SECTOR_BYTES != 0 || source.remaining() % Page.SECTOR_BYTES != 0) {
      return false;
    }
    Held write = new Held(offsetBytes, ByteBuffer.allocate(source.remaining()).put(source).flip());
    if (chance.nextInt(4) == 0) {
      make(write);
    } else {
      held.add(write);
    }
    return true;
  }

  private void make(Held write) {
    try {
      container.write(write.offsetBytes(), write.bytes(), Durability.WRITE_BACK);
    } catch (IOException e) {
      failure = Optional.of(e);
    }
  }

  @Override
  public void drain() throws IOException {
    checkFailure();
    if (drains.getAsBoolean()) {
      Collections.shuffle(held, chance);
      held.forEach(this::make);
      held.clear();
      checkFailure();
    }
  }

  private void checkFailure() throws IOException {
    if (failure.isPresent()) {
      throw new IOException(failure.get().getMessage(), failure.get());
    }
  }

  @Override
  public void close() {
    held.clear();
  }
}
