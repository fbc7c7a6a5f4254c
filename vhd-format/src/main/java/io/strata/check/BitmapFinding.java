// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import java.util.Optional;

/// A finding in a block.
public sealed interface BitmapFinding extends Finding {

  /// Sectors whose bit is 0 hold data: programs that ignore bitmaps (qemu) show it. Where no bit of
  /// the block is set, the bitmap itself may be what is lost.
  record UnusedSectorsNotZero(Where where, int sector, int sectors, boolean othersPresent)
      implements BitmapFinding {
    @Override
    public Severity severity() {
      return Severity.WARNING;
    }

    @Override
    public String expected() {
      return "zeroes in sectors that are marked as not present";
    }

    @Override
    public String found() {
      return "data in "
          + sectors
          + " of them, the first being sector "
          + sector
          + " of the block"
          + (othersPresent ? "" : ", whose bitmap is all zero and may be lost");
    }

    @Override
    public Optional<Fix> remedy() {
      return othersPresent ? Optional.of(Fix.UNUSED_SECTORS) : Optional.empty();
    }
  }
}
