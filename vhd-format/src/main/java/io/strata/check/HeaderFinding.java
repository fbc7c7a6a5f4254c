// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import java.util.Optional;

/// A finding in the dynamic header. Source of the rules: VHD specification 1.0, "Dynamic Disk
/// Header Format".
public sealed interface HeaderFinding extends Finding {

  /// The footer points to a place where no header can be.
  record HeaderMisplaced(Where where, long offsetBytes, long lastBytes) implements HeaderFinding {
    @Override
    public Severity severity() {
      return Severity.ERROR;
    }

    @Override
    public String expected() {
      return "the dynamic header at a sector from 512 to " + lastBytes;
    }

    @Override
    public String found() {
      return "offset " + Long.toUnsignedString(offsetBytes);
    }
  }

  /// There is no header where the footer points.
  record HeaderInvalid(Where where, String expected, String found) implements HeaderFinding {
    @Override
    public Severity severity() {
      return Severity.ERROR;
    }
  }

  /// The block size is none.
  record BlockSizeInvalid(Where where, long blockBytes) implements HeaderFinding {
    @Override
    public Severity severity() {
      return Severity.ERROR;
    }

    @Override
    public String expected() {
      return "a block size that is a power of two from 4096 to 268435456";
    }

    @Override
    public String found() {
      return Long.toString(blockBytes);
    }
  }

  /// The block size is one that other programs of the field refuse.
  record BlockSizeUnusual(Where where, long blockBytes) implements HeaderFinding {
    @Override
    public Severity severity() {
      return Severity.INFO;
    }

    @Override
    public String expected() {
      return "the usual block size of 2097152";
    }

    @Override
    public String found() {
      return Long.toString(blockBytes);
    }
  }

  /// The BAT has fewer entries than the disk has blocks.
  record TableTooSmall(Where where, long entries, long needed) implements HeaderFinding {
    @Override
    public Severity severity() {
      return Severity.ERROR;
    }

    @Override
    public String expected() {
      return "at least " + needed + " BAT entries";
    }

    @Override
    public String found() {
      return Long.toString(entries);
    }
  }

  /// The BAT is not where it can be.
  record TableMisplaced(Where where, long tableOffsetBytes, long entries, String expected)
      implements HeaderFinding {
    @Override
    public Severity severity() {
      return Severity.ERROR;
    }

    @Override
    public String found() {
      return "a BAT of " + entries + " entries at byte " + Long.toUnsignedString(tableOffsetBytes);
    }
  }

  /// The parent's timestamp, as it was when the image was made, lies in the future.
  record ParentTimestampInFuture(Where where, long timestamp, long now) implements HeaderFinding {
    @Override
    public Severity severity() {
      return Severity.WARNING;
    }

    @Override
    public String expected() {
      return "a parent's timestamp of now, " + now + ", at most half an hour ahead";
    }

    @Override
    public String found() {
      return Long.toString(timestamp);
    }
  }

  /// A differencing image whose header does not name the parent, or not in characters.
  ///
  /// @param remedy where the locators agree on a name
  record ParentNameInvalid(Where where, String found, Optional<Fix> remedy)
      implements HeaderFinding {
    @Override
    public Severity severity() {
      return Severity.WARNING;
    }

    @Override
    public String expected() {
      return "the parent's name, in UTF-16";
    }
  }

  /// Two parts of the image share bytes: what is written to one of them changes the other.
  ///
  /// @param severity WARNING where neither of them holds what can't be had elsewhere
  record PartsOverlap(Where where, String part, String other, Severity severity)
      implements HeaderFinding {
    @Override
    public String expected() {
      return "the " + part + " apart from the " + other;
    }

    @Override
    public String found() {
      return "an overlap";
    }
  }

  /// A field that other programs object to; it spans sectors or is not covered by a known repair.
  record HeaderField(Where where, String field, String expected, String found)
      implements HeaderFinding {
    @Override
    public Severity severity() {
      return Severity.WARNING;
    }
  }
}
