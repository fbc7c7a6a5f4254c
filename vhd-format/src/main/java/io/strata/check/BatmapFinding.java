// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import java.util.Optional;

/// A finding in the batmap, which says which blocks are full. Source of the rules: blktap
/// `include/vhd.h`.
public sealed interface BatmapFinding extends Finding {

  /// The creator says that there is a batmap.
  record BatmapMissing(Where where) implements BatmapFinding {
    @Override
    public Severity severity() {
      return Severity.WARNING;
    }

    @Override
    public String expected() {
      return "a batmap, which images of this creator have";
    }

    @Override
    public String found() {
      return "none after the BAT";
    }
  }

  /// The batmap has no room where it is said to be.
  record BatmapMisplaced(Where where, long offsetBytes, long sectors, String expected)
      implements BatmapFinding {
    @Override
    public Severity severity() {
      return Severity.WARNING;
    }

    @Override
    public String found() {
      return "a batmap of " + sectors + " sectors at byte " + Long.toUnsignedString(offsetBytes);
    }
  }

  /// The batmap is said to be where something else is.
  ///
  /// @param other what is there
  /// @param repairable whether a map with the checksum stands where every writer puts it
  record BatmapOverlaps(
      Where where, long offsetBytes, long sectors, String other, boolean repairable)
      implements BatmapFinding {
    @Override
    public Severity severity() {
      return Severity.ERROR;
    }

    @Override
    public String expected() {
      return "a batmap apart from everything else";
    }

    @Override
    public String found() {
      return "one of " + sectors + " sectors at byte " + offsetBytes + ", on the " + other;
    }

    @Override
    public Optional<Fix> remedy() {
      return repairable ? Optional.of(Fix.BATMAP_HEADER) : Optional.empty();
    }
  }

  /// A version that is not known.
  record BatmapVersion(Where where, int version) implements BatmapFinding {
    @Override
    public Severity severity() {
      return Severity.WARNING;
    }

    @Override
    public String expected() {
      return "batmap version 1.1 or 1.2";
    }

    @Override
    public String found() {
      return "0x%08x".formatted(version);
    }
  }

  /// The checksum over the map is wrong, so the map is not used.
  record BatmapChecksum(Where where, int computed, int stored) implements BatmapFinding {
    @Override
    public Severity severity() {
      return Severity.WARNING;
    }

    @Override
    public String expected() {
      return "batmap checksum 0x%08x".formatted(computed);
    }

    @Override
    public String found() {
      return "0x%08x".formatted(stored);
    }

    @Override
    public Optional<Fix> remedy() {
      return Optional.of(Fix.BATMAP);
    }
  }

  /// The batmap claims a block that is not allocated.
  record BatmapClaimsAbsentBlock(Where where) implements BatmapFinding {
    @Override
    public Severity severity() {
      return Severity.ERROR;
    }

    @Override
    public String expected() {
      return "batmap bits of allocated blocks only";
    }

    @Override
    public String found() {
      return "the bit of a block that is not allocated";
    }

    @Override
    public Optional<Fix> remedy() {
      return Optional.of(Fix.BATMAP);
    }
  }

  /// The batmap claims a block some sectors of which are not present. Its checksum is right, and
  /// readers believe it before they look at a bitmap: it is the bitmap that was lost.
  record BatmapClaimsPartialBlock(Where where, int presentSectors, int sectors)
      implements BatmapFinding {
    @Override
    public Severity severity() {
      return Severity.ERROR;
    }

    @Override
    public String expected() {
      return "batmap bits of full blocks only, of " + sectors + " sectors";
    }

    @Override
    public String found() {
      return "the bit of a block with " + presentSectors + " sectors present";
    }

    @Override
    public Optional<Fix> remedy() {
      return Optional.of(Fix.BITMAPS);
    }
  }

  /// The batmap claims blocks beyond the end of the disk.
  record BatmapBeyondDisk(Where where) implements BatmapFinding {
    @Override
    public Severity severity() {
      return Severity.WARNING;
    }

    @Override
    public String expected() {
      return "no batmap bits beyond the end of the disk";
    }

    @Override
    public String found() {
      return "some";
    }

    @Override
    public Optional<Fix> remedy() {
      return Optional.of(Fix.BATMAP);
    }
  }
}
