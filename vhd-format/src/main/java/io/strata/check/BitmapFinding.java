// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import java.util.Optional;

/// A finding in a block.
public sealed interface BitmapFinding extends Finding {

  /// Sectors whose bit is 0 hold data: programs that ignore bitmaps (qemu) show it.
  record UnusedSectorsNotZero(Where where, int sector, int sectors) implements BitmapFinding {
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
      return "data in " + sectors + " of them, the first being sector " + sector + " of the block";
    }

    @Override
    public Optional<Fix> fix() {
      return Optional.of(Fix.UNUSED_SECTORS);
    }
  }
}
