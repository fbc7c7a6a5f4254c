// SPDX-License-Identifier: Apache-2.0
package io.strata.crash.kill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/// What the model of a disk expects after a death, so that the kill cycles accuse nobody wrongly.
final class DiskModelTest {
  private static final int SECTORS = 4;
  private static final long STAMP = 7;
  private static final Change CHANGE = new Change(0, SECTORS - 1, 1, STAMP, false);

  private final DiskModel model = new DiskModel("disk", new long[SECTORS]);

  /// The revert was under way when the daemon died, and was ended by the next one.
  @Test
  void diskThatWentBackToSmallerContentHoldsNothingBeyondIt() {
    model.acknowledge(CHANGE, true);
    model.reverting(new long[DiskModel.MOST_SECTORS]);
    model.recovered(new long[SECTORS / 2]);
    assertThat(model.current(SECTORS - 1)).isZero();
    assertThat(model.content()).containsOnly(0);
    // Grown again: zeroes are right, and what it held before would be wrong.
    model.recovered(new long[SECTORS]);
    assertThatThrownBy(() -> model.recovered(new long[] {0, 0, 0, STAMP}))
        .isInstanceOf(Violation.class);
  }

  @Test
  void diskThatDidNotGoBackHoldsWhatWasForced() {
    model.acknowledge(CHANGE, true);
    model.reverting(new long[] {1, 1, 1, 1});
    assertThatThrownBy(() -> model.recovered(new long[SECTORS])).isInstanceOf(Violation.class);
  }
}
