// SPDX-License-Identifier: Apache-2.0
package io.strata.simulator;

import io.strata.block.Container;
import io.strata.block.ForwardingContainer;
import java.io.IOException;

/// A container that grows in coarse steps, all of which count as taken.
final class SteppedContainer extends ForwardingContainer {
  private final SteppedStore store;
  private final SteppedStore.Steps steps;
  private final long stepBytes;

  SteppedContainer(Container below, SteppedStore store, SteppedStore.Steps steps, long stepBytes) {
    super(below);
    this.store = store;
    this.steps = steps;
    this.stepBytes = stepBytes;
  }

  @Override
  public void ensureCapacity(long sizeBytes) throws IOException {
    store.grow(below, steps, sizeBytes);
  }

  @Override
  public long growthStepBytes() {
    return stepBytes;
  }

  @Override
  public long physicalBytes() {
    return below.sizeBytes();
  }
}
