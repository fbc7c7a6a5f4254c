// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import static io.strata.vhd.VhdLayout.SECTOR_BYTES;
import static io.strata.vhd.VhdLayout.SHORT_FOOTER_BYTES;

import io.strata.vhd.DiskType;
import io.strata.vhd.VhdLayout;
import java.util.List;
import java.util.Optional;

/// Checks the footers.
final class FooterCheck {
  private FooterCheck() {}

  static void run(Subject subject, RawFooters footers) {
    Optional<RawFooter> inForce = footers.inForce();
    if (footers.oldEnd().isPresent()) {
      growth(subject, footers.oldEnd().get());
    } else {
      invalid(subject, footers.end(), inForce.isPresent());
    }
    boolean fixed = inForce.map(footer -> footer.type() == DiskType.FIXED).orElse(false);
    if (!fixed) {
      footers.copy().ifPresent(copy -> copyInvalid(subject, copy, inForce.isPresent()));
      compare(subject, footers);
    }
    tail(subject, footers.end(), fixed, inForce.isPresent());
    inForce.ifPresent(footer -> fields(subject, footer));
  }

  private static void growth(Subject subject, RawFooter oldEnd) {
    subject.add(
        new FooterFinding.GrowthInterrupted(
            subject.at(oldEnd.offsetBytes()), oldEnd.diskBytes(), subject.sizeBytes()));
  }

  private static void invalid(Subject subject, RawFooter footer, boolean otherValid) {
    footer
        .problem()
        .ifPresent(problem ->
            subject.add(
                new FooterFinding.FooterInvalid(
                    subject.at(footer.offsetBytes() + problem.at()),
                    footer.place(),
                    problem.expected(),
                    problem.found(),
                    otherValid)));
  }

  private static void copyInvalid(Subject subject, RawFooter copy, boolean otherValid) {
    invalid(subject, copy, otherValid);
    if (copy.valid() && copy.type() == DiskType.FIXED) {
      subject.add(
          new FooterFinding.FooterInvalid(
              subject.at(VhdLayout.FOOTER_TYPE_AT),
              FooterPlace.COPY,
              "a copy of the footer of a dynamic or differencing image",
              "the footer of a fixed one",
              otherValid));
    }
  }

  private static void compare(Subject subject, RawFooters footers) {
    if (!footers.end().valid() || footers.validCopy().isEmpty()) {
      return;
    }
    List<String> differences = footers.end().differences(footers.validCopy().get());
    if (!differences.isEmpty()) {
      subject.add(
          new FooterFinding.FootersDiffer(
              subject.at(footers.end().offsetBytes()), differences, footers.inDoubt()));
    }
  }

  private static void tail(Subject subject, RawFooter end, boolean fixed, boolean footerInForce) {
    boolean shortFooter = end.valid() && end.lengthBytes() == SHORT_FOOTER_BYTES;
    boolean torn = subject.sizeBytes() % SECTOR_BYTES != 0;
    if (shortFooter) {
      subject.add(new FooterFinding.ShortFooter(subject.at(end.offsetBytes())));
    } else if (torn && !fixed) {
      subject.add(
          new FooterFinding.TornTail(
              subject.at(subject.sizeBytes() / SECTOR_BYTES * SECTOR_BYTES),
              subject.sizeBytes(),
              footerInForce));
    }
  }

  private static void fields(Subject subject, RawFooter footer) {
    int features = footer.features();
    if (((features & RawFooter.FEATURES_KNOWN) | VhdLayout.FEATURES_RESERVED) != features) {
      field(
          subject,
          footer,
          VhdLayout.FOOTER_FEATURES_AT,
          "features",
          "features 0x00000002 or 0x00000003",
          "0x%08x".formatted(features));
    }
    if (footer.firstReserved() >= 0) {
      field(
          subject,
          footer,
          footer.firstReserved(),
          "reserved bytes",
          "zeroes from byte 86 of the footer on",
          "another value at its byte " + footer.firstReserved());
    }
    if (footer.savedByte() > 1) {
      field(
          subject,
          footer,
          VhdLayout.FOOTER_SAVED_STATE_AT,
          "saved state",
          "0 or 1 as the saved state",
          Integer.toString(footer.savedByte()));
    }
    if (footer.hiddenByte() > 1) {
      field(
          subject,
          footer,
          VhdLayout.FOOTER_HIDDEN_AT,
          "hidden",
          "0 or 1 as the hidden flag",
          Integer.toString(footer.hiddenByte()));
    }
    if (footer.type() == DiskType.FIXED && footer.dataOffsetBytes() != VhdLayout.NO_DATA_OFFSET) {
      field(
          subject,
          footer,
          VhdLayout.FOOTER_DATA_OFFSET_AT,
          "data offset",
          "no header in a fixed image",
          "one at " + Long.toUnsignedString(footer.dataOffsetBytes()));
    }
    creator(subject, footer);
    if (footer.inFuture(subject.now())) {
      subject.add(
          new FooterFinding.TimestampInFuture(
              subject.at(footer.offsetBytes() + VhdLayout.FOOTER_TIMESTAMP_AT),
              footer.timestamp(),
              subject.now()));
    }
    size(subject, footer);
  }

  /// Source: blktap `vhd-util check`, which refuses what a later version of its own made.
  private static void creator(Subject subject, RawFooter footer) {
    boolean tap = footer.creator() >>> Byte.SIZE == VhdLayout.CREATOR_TAP >>> Byte.SIZE;
    int version = footer.creatorVersion();
    if (tap && Integer.compareUnsigned(version, VhdLayout.CREATOR_TAP_VERSION) > 0) {
      subject.add(
          new FooterFinding.CreatorVersionUnknown(
              subject.at(footer.offsetBytes() + VhdLayout.FOOTER_CREATOR_VERSION_AT), version));
    }
  }

  static boolean sizeValid(long diskBytes) {
    return diskBytes > 0
        && diskBytes % SECTOR_BYTES == 0
        && diskBytes <= VhdLayout.LARGEST_DISK_BYTES;
  }

  private static void size(Subject subject, RawFooter footer) {
    long disk = footer.diskBytes();
    Where where = subject.at(footer.offsetBytes() + VhdLayout.FOOTER_CURRENT_SIZE_AT);
    if (!sizeValid(disk)) {
      subject.add(
          new FooterFinding.DiskSizeInvalid(
              where,
              "a size of whole sectors up to " + VhdLayout.LARGEST_DISK_BYTES + " (2040 GiB)",
              Long.toUnsignedString(disk)));
      return;
    }
    if (footer.type() == DiskType.FIXED && disk > footer.offsetBytes()) {
      subject.add(
          new FooterFinding.DiskSizeInvalid(
              where,
              "a size of at most " + footer.offsetBytes() + ", the bytes before the footer",
              Long.toString(disk)));
    }
    long most = footer.mostGeometryBytes();
    if (footer.geometryBytes() > most) {
      subject.add(
          new FooterFinding.GeometryTooLarge(
              subject.at(footer.offsetBytes() + VhdLayout.FOOTER_GEOMETRY_AT),
              footer.geometryBytes(),
              most));
    }
  }

  private static void field(
      Subject subject, RawFooter footer, int at, String field, String expected, String found) {
    subject.add(
        new FooterFinding.FooterField(
            subject.at(footer.offsetBytes() + at), field, expected, found));
  }
}
