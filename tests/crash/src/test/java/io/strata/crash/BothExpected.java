// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import java.io.IOException;

/// Two things that must both hold; the second is checked after the first, and may change storage.
record BothExpected(Expectation first, Expectation second) implements Expectation {

  @Override
  public void verify(SimulatedStorage storage) throws IOException {
    first.verify(storage);
    second.verify(storage);
  }

  @Override
  public boolean acknowledged() {
    return first.acknowledged() && second.acknowledged();
  }
}
