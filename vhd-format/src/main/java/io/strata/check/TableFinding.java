// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import java.util.Optional;

/// A finding in the BAT. An entry that is wrong is never changed: its data may be all there is.
public sealed interface TableFinding extends Finding {

  /// A block does not end within the image.
  record EntryOutside(Where where, long sector, long lastSector) implements TableFinding {
    @Override
    public Severity severity() {
      return Severity.ERROR;
    }

    @Override
    public String expected() {
      return "a block that ends within the image, at sector " + lastSector + " at most";
    }

    @Override
    public String found() {
      return "sector " + sector;
    }
  }

  /// A block lies on other parts of the image.
  record EntryOnMetadata(Where where, long sector, String what) implements TableFinding {
    @Override
    public Severity severity() {
      return Severity.ERROR;
    }

    @Override
    public String expected() {
      return "a block apart from the " + what;
    }

    @Override
    public String found() {
      return "sector " + sector;
    }
  }

  /// Two blocks share sectors.
  record EntriesOverlap(Where where, long sector, int otherBlock, long otherSector)
      implements TableFinding {
    @Override
    public Severity severity() {
      return Severity.ERROR;
    }

    @Override
    public String expected() {
      return "a block apart from block " + otherBlock + " at sector " + otherSector;
    }

    @Override
    public String found() {
      return "sector " + sector;
    }
  }

  /// A BAT entry beyond the end of the disk is in use.
  record EntryBeyondDisk(Where where, long sector) implements TableFinding {
    @Override
    public Severity severity() {
      return Severity.WARNING;
    }

    @Override
    public String expected() {
      return "no block beyond the end of the disk";
    }

    @Override
    public String found() {
      return "one at sector " + sector;
    }

    @Override
    public Optional<Fix> remedy() {
      return Optional.of(Fix.ENTRIES_BEYOND_DISK);
    }
  }

  /// More entries than the image has room for blocks: they must overlap.
  record TooManyEntries(Where where, long entries, long most) implements TableFinding {
    @Override
    public Severity severity() {
      return Severity.ERROR;
    }

    @Override
    public String expected() {
      return "at most " + most + " blocks, which is all the image has room for";
    }

    @Override
    public String found() {
      return "at least " + entries;
    }
  }

  /// More blocks than are compared with each other; a crafted BAT can name millions of small ones.
  ///
  /// @param where the first entry that is not looked at
  record TableTooLarge(Where where, int most) implements TableFinding {
    @Override
    public Severity severity() {
      return Severity.WARNING;
    }

    @Override
    public String expected() {
      return "at most " + most + " blocks in use";
    }

    @Override
    public String found() {
      return "more, which are not compared with the others";
    }
  }
}
