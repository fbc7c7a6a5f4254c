// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import java.util.List;
import java.util.Optional;

/// A finding in the footers. Source of the rules: VHD specification 1.0, "Hard Disk Footer Format".
public sealed interface FooterFinding extends Finding {

  /// The file is too small for any VHD.
  record ImageTooSmall(Where where, long sizeBytes) implements FooterFinding {
    @Override
    public Severity severity() {
      return Severity.ERROR;
    }

    @Override
    public String expected() {
      return "an image of at least 511 bytes";
    }

    @Override
    public String found() {
      return sizeBytes + " bytes";
    }
  }

  /// No valid footer is at a place.
  ///
  /// @param otherValid whether there is one at the other place
  record FooterInvalid(
      Where where, FooterPlace place, String expected, String found, boolean otherValid)
      implements FooterFinding {
    @Override
    public Severity severity() {
      return otherValid ? Severity.WARNING : Severity.ERROR;
    }

    @Override
    public Optional<Fix> remedy() {
      return otherValid ? Optional.of(Fix.FOOTERS) : Optional.empty();
    }
  }

  /// A fixed image was made longer, and its footer is still where the end was: the power went while
  /// it grew.
  ///
  /// @param diskBytes the disk's size, as it was before
  /// @param imageBytes the image's size, as it is now
  record GrowthInterrupted(Where where, long diskBytes, long imageBytes) implements FooterFinding {
    @Override
    public Severity severity() {
      return Severity.WARNING;
    }

    @Override
    public String expected() {
      return "the footer at the end of the image of " + imageBytes + " bytes";
    }

    @Override
    public String found() {
      return "it with nothing behind it, as an interrupted growth of the disk of "
          + diskBytes
          + " bytes leaves it";
    }

    @Override
    public Optional<Fix> remedy() {
      return Optional.of(Fix.INTERRUPTED_GROWTH);
    }
  }

  /// Both footers are valid and not the same.
  ///
  /// @param fields the fields that differ
  /// @param inDoubt whether nobody can tell which is right
  record FootersDiffer(Where where, List<String> fields, boolean inDoubt) implements FooterFinding {
    public FootersDiffer {
      fields = List.copyOf(fields);
    }

    @Override
    public Severity severity() {
      return inDoubt ? Severity.ERROR : Severity.WARNING;
    }

    @Override
    public String expected() {
      return "the same footer at the end as at offset 0";
    }

    @Override
    public String found() {
      return "other values of " + String.join(", ", fields);
    }

    @Override
    public Optional<Fix> remedy() {
      return inDoubt ? Optional.empty() : Optional.of(Fix.FOOTERS);
    }
  }

  /// The footer at the end has 511 bytes, as old programs wrote it.
  record ShortFooter(Where where) implements FooterFinding {
    @Override
    public Severity severity() {
      return Severity.INFO;
    }

    @Override
    public String expected() {
      return "a footer of 512 bytes";
    }

    @Override
    public String found() {
      return "one of 511 bytes, as old programs write it";
    }
  }

  /// The image ends within a sector.
  record TornTail(Where where, long sizeBytes, boolean footerInForce) implements FooterFinding {
    @Override
    public Severity severity() {
      return Severity.WARNING;
    }

    @Override
    public String expected() {
      return "an image of whole sectors";
    }

    @Override
    public String found() {
      return sizeBytes + " bytes: " + sizeBytes % 512 + " bytes after the last whole sector";
    }

    @Override
    public Optional<Fix> remedy() {
      return footerInForce ? Optional.of(Fix.FOOTERS) : Optional.empty();
    }
  }

  /// A field of a valid footer that other programs object to.
  record FooterField(Where where, String field, String expected, String found)
      implements FooterFinding {
    @Override
    public Severity severity() {
      return Severity.WARNING;
    }

    @Override
    public Optional<Fix> remedy() {
      return Optional.of(Fix.FOOTERS);
    }
  }

  /// The geometry describes more than the disk.
  record GeometryTooLarge(Where where, long geometryBytes, long mostBytes)
      implements FooterFinding {
    @Override
    public Severity severity() {
      return Severity.WARNING;
    }

    @Override
    public String expected() {
      return "a geometry of at most " + mostBytes + " bytes";
    }

    @Override
    public String found() {
      return "one of " + geometryBytes + " bytes";
    }

    @Override
    public Optional<Fix> remedy() {
      return Optional.of(Fix.FOOTERS);
    }
  }

  /// The creator is tap, in a version later than any that is known: the image may hold what nobody
  /// here looks at.
  record CreatorVersionUnknown(Where where, int version) implements FooterFinding {
    @Override
    public Severity severity() {
      return Severity.WARNING;
    }

    @Override
    public String expected() {
      return "at most version 0x00010003 of the creator tap";
    }

    @Override
    public String found() {
      return "0x%08x".formatted(version);
    }
  }

  /// The timestamp lies in the future. It stays there: children recorded it, whether or not the
  /// image says that it is a base, and would not see that an image was changed whose timestamp is
  /// earlier than that.
  record TimestampInFuture(Where where, long timestamp, long now) implements FooterFinding {
    @Override
    public Severity severity() {
      return Severity.WARNING;
    }

    @Override
    public String expected() {
      return "a timestamp of now, " + now + ", at most half an hour ahead";
    }

    @Override
    public String found() {
      return timestamp + ", which children of this image may have recorded";
    }
  }

  /// The disk's size can't be.
  record DiskSizeInvalid(Where where, String expected, String found) implements FooterFinding {
    @Override
    public Severity severity() {
      return Severity.ERROR;
    }
  }
}
