// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.block.sim.LogEntry;
import java.io.IOException;

/// Something a program does to storage, with what must hold if the power goes meanwhile.
interface CrashWorkload {

  /// For messages.
  String name();

  /// Its share of the crash states of a campaign, beside the others' shares.
  default int share() {
    return 3;
  }

  /// What this workload makes of the effort asked for.
  default CrashBudget budget(CrashBudget general) {
    return general;
  }

  /// Whether a write is one of two copies of the same thing, so that even a sector of it that was
  /// torn within must do no harm. Other sectors are old or new.
  default boolean hasTwin(LogEntry.Write write) {
    return false;
  }

  /// Does it on recorded storage; the same for the same seed.
  Recording record(long seed) throws IOException;
}
