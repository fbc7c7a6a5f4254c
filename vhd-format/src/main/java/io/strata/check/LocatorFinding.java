// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import java.util.Optional;

/// A finding in the parent locators. They are hints for other programs: no parent is opened by
/// them.
public sealed interface LocatorFinding extends Finding {

  /// A locator does not lie within the image.
  record LocatorOutside(Where where, int index, long offsetBytes, long lengthBytes, long imageBytes)
      implements LocatorFinding {
    @Override
    public Severity severity() {
      return Severity.ERROR;
    }

    @Override
    public String expected() {
      return "parent locator " + index + " within the " + imageBytes + " bytes of the image";
    }

    @Override
    public String found() {
      return "offset " + Long.toUnsignedString(offsetBytes) + ", length " + lengthBytes;
    }
  }

  /// A path longer than paths are.
  record LocatorTooLong(Where where, int index, long lengthBytes, long mostBytes)
      implements LocatorFinding {
    @Override
    public Severity severity() {
      return Severity.ERROR;
    }

    @Override
    public String expected() {
      return "parent locator " + index + " of at most " + mostBytes + " bytes";
    }

    @Override
    public String found() {
      return Long.toString(lengthBytes);
    }
  }

  /// A path longer than the space set aside for it.
  record LocatorBeyondSpace(Where where, int index, long lengthBytes, long spaceBytes)
      implements LocatorFinding {
    @Override
    public Severity severity() {
      return Severity.WARNING;
    }

    @Override
    public String expected() {
      return "parent locator " + index + " within the " + spaceBytes + " bytes set aside for it";
    }

    @Override
    public String found() {
      return "length " + lengthBytes;
    }
  }

  /// The space set aside for a path does not lie within the image.
  record LocatorSpaceOutside(
      Where where, int index, long offsetBytes, long spaceBytes, long imageBytes)
      implements LocatorFinding {
    @Override
    public Severity severity() {
      return Severity.WARNING;
    }

    @Override
    public String expected() {
      return "the space of parent locator "
          + index
          + " within the "
          + imageBytes
          + " bytes of the image";
    }

    @Override
    public String found() {
      return "offset " + offsetBytes + ", " + spaceBytes + " bytes set aside";
    }
  }

  /// A locator in use lacks a place, the space or a path.
  ///
  /// @param field what is zero
  record LocatorIncomplete(Where where, int index, String field) implements LocatorFinding {
    @Override
    public Severity severity() {
      return Severity.WARNING;
    }

    @Override
    public String expected() {
      return "parent locator " + index + ", which is in use, with an offset, space and a length";
    }

    @Override
    public String found() {
      return "zero as its " + field;
    }
  }

  /// The reserved field of a locator in use.
  record LocatorReserved(Where where, int index, int reserved) implements LocatorFinding {
    @Override
    public Severity severity() {
      return Severity.WARNING;
    }

    @Override
    public String expected() {
      return "zero in the reserved field of parent locator " + index;
    }

    @Override
    public String found() {
      return "0x%08x".formatted(reserved);
    }
  }

  /// A locator of no platform, with something in its other fields.
  record LocatorUnusedNotZero(Where where, int index) implements LocatorFinding {
    @Override
    public Severity severity() {
      return Severity.WARNING;
    }

    @Override
    public String expected() {
      return "zeroes in parent locator " + index + ", which is of no platform";
    }

    @Override
    public String found() {
      return "other values";
    }
  }

  /// Two locators of one platform: programs may take either.
  record LocatorDuplicate(Where where, int index, int otherIndex) implements LocatorFinding {
    @Override
    public Severity severity() {
      return Severity.WARNING;
    }

    @Override
    public String expected() {
      return "parent locator " + index + " of another platform than locator " + otherIndex;
    }

    @Override
    public String found() {
      return "the same";
    }
  }

  /// A platform that is not known.
  record LocatorUnknown(Where where, int index, String platform) implements LocatorFinding {
    @Override
    public Severity severity() {
      return Severity.INFO;
    }

    @Override
    public String expected() {
      return "parent locator " + index + " of the platform MACX, W2ku or W2ru";
    }

    @Override
    public String found() {
      return platform;
    }
  }

  /// A locator, or the space set aside for its path, lies on another part of the image: its bytes
  /// are taken for a path, or lost when a program writes another path there.
  record LocatorOverlaps(Where where, int index, String what) implements LocatorFinding {
    @Override
    public Severity severity() {
      return Severity.ERROR;
    }

    @Override
    public String expected() {
      return "parent locator " + index + " apart from the " + what;
    }

    @Override
    public String found() {
      return "an overlap";
    }
  }

  /// A locator names another file than the header.
  record LocatorNameDiffers(
      Where where, int index, String headerName, String locatorName, Optional<Fix> remedy)
      implements LocatorFinding {
    @Override
    public Severity severity() {
      return Severity.WARNING;
    }

    @Override
    public String expected() {
      return "parent locator " + index + " to name " + headerName + ", as the header does";
    }

    @Override
    public String found() {
      return locatorName;
    }
  }

  /// A differencing image without any locator.
  record LocatorsMissing(Where where) implements LocatorFinding {
    @Override
    public Severity severity() {
      return Severity.INFO;
    }

    @Override
    public String expected() {
      return "a parent locator, by which other programs find the parent";
    }

    @Override
    public String found() {
      return "none";
    }
  }

  /// An image without a parent has a locator.
  record LocatorInDynamic(Where where, int index) implements LocatorFinding {
    @Override
    public Severity severity() {
      return Severity.INFO;
    }

    @Override
    public String expected() {
      return "no parent locator in an image without parent";
    }

    @Override
    public String found() {
      return "one";
    }
  }
}
