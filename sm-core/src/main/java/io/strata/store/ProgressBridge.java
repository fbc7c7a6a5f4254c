// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import io.strata.spi.StorageException;
import io.strata.spi.VhdTree.MergeProgress;
import io.strata.vhd.MergeListener;
import java.io.IOException;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/// Tells a merge's progress through code that knows IOException only, and breaks the merge off
/// where that or another wants it.
final class ProgressBridge implements MergeListener {
  private final MergeProgress progress;
  private final BooleanSupplier cancelled;
  private final Supplier<StorageException> brokenOff;

  /// @param cancelled whether a user's operation broke the merge off
  /// @param brokenOff what to say where it was cancelled
  ProgressBridge(
      MergeProgress progress, BooleanSupplier cancelled, Supplier<StorageException> brokenOff) {
    this.progress = progress;
    this.cancelled = cancelled;
    this.brokenOff = brokenOff;
  }

  @Override
  public void merged(long bytes) throws IOException {
    if (cancelled.getAsBoolean()) {
      throw new BrokenOff(brokenOff.get());
    }
    try {
      progress.merged(bytes);
    } catch (StorageException reason) {
      throw new BrokenOff(reason);
    }
  }

  @Override
  public void durableUpTo(int block) throws IOException {
    try {
      progress.durableUpTo(block);
    } catch (StorageException reason) {
      throw new BrokenOff(reason);
    }
  }

  /// Says a broken-off merge's reason.
  static final class BrokenOff extends IOException {
    private static final long serialVersionUID = 1L;

    private final StorageException reason;

    private BrokenOff(StorageException reason) {
      super(reason);
      this.reason = reason;
    }

    StorageException reason() {
      return reason;
    }
  }
}
