// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import io.strata.vhd.VhdLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Checks the parent locators; nothing is opened by them.
final class LocatorCheck {
  private LocatorCheck() {}

  /// A locator whose path could be read.
  ///
  /// @param name the path's last part
  record Path(RawHeader.Locator locator, String path, String name) {}

  static void run(Subject subject, RawHeader header, Parts parts) throws IOException {
    List<Path> paths = new ArrayList<>();
    List<RawHeader.Locator> used = new ArrayList<>();
    boolean apart = true;
    for (int i = 0; i < VhdLayout.HEADER_LOCATORS; i++) {
      RawHeader.Locator locator = header.locator(i);
      if (locator.used()) {
        fields(subject, header, locator, used);
        apart &= placed(subject, header, locator) && apart(subject, header, locator, parts);
        read(subject, locator).ifPresent(paths::add);
        used.add(locator);
      } else {
        unused(subject, header, locator);
      }
    }
    if (used.isEmpty()) {
      subject.add(
          new LocatorFinding.LocatorsMissing(
              subject.at(header.offsetBytes() + VhdLayout.HEADER_LOCATORS_AT)));
    }
    names(subject, header, paths, apart);
  }

  static void inDynamic(Subject subject, RawHeader header) {
    for (int i = 0; i < VhdLayout.HEADER_LOCATORS; i++) {
      if (header.locator(i).used()) {
        subject.add(new LocatorFinding.LocatorInDynamic(where(subject, header, i), i));
      } else {
        unused(subject, header, header.locator(i));
      }
    }
  }

  /// The locators whose paths can be read.
  static List<Path> paths(Subject subject, RawHeader header) throws IOException {
    List<Path> paths = new ArrayList<>();
    for (int i = 0; i < VhdLayout.HEADER_LOCATORS; i++) {
      read(subject, header.locator(i)).ifPresent(paths::add);
    }
    return paths;
  }

  private static void unused(Subject subject, RawHeader header, RawHeader.Locator locator) {
    if (!locator.blank()) {
      subject.add(
          new LocatorFinding.LocatorUnusedNotZero(
              where(subject, header, locator.index()), locator.index()));
    }
  }

  /// Source of the rules: blktap `vhd-util check`.
  ///
  /// @param earlier the locators before it that are in use
  private static void fields(
      Subject subject,
      RawHeader header,
      RawHeader.Locator locator,
      List<RawHeader.Locator> earlier) {
    int index = locator.index();
    Where where = where(subject, header, index);
    if (!locator.known()) {
      subject.add(
          new LocatorFinding.LocatorUnknown(
              where, index, "0x%08x".formatted(locator.platformCode())));
    }
    earlier.stream()
        .filter(other -> other.platformCode() == locator.platformCode())
        .findFirst()
        .ifPresent(
            other -> subject.add(new LocatorFinding.LocatorDuplicate(where, index, other.index())));
    zero(locator)
        .ifPresent(field -> subject.add(new LocatorFinding.LocatorIncomplete(where, index, field)));
    if (locator.reserved() != 0) {
      subject.add(new LocatorFinding.LocatorReserved(where, index, locator.reserved()));
    }
  }

  private static Optional<String> zero(RawHeader.Locator locator) {
    List<String> fields = new ArrayList<>();
    if (locator.offsetBytes() == 0) {
      fields.add("offset");
    }
    if (locator.space() == 0) {
      fields.add("space");
    }
    if (locator.lengthBytes() == 0) {
      fields.add("length");
    }
    return fields.isEmpty() ? Optional.empty() : Optional.of(String.join(", ", fields));
  }

  /// @return whether the path can be read
  private static boolean placed(Subject subject, RawHeader header, RawHeader.Locator locator) {
    int index = locator.index();
    Where where = where(subject, header, index);
    if (locator.lengthBytes() > VhdLayout.LONGEST_LOCATOR_BYTES) {
      subject.add(
          new LocatorFinding.LocatorTooLong(
              where, index, locator.lengthBytes(), VhdLayout.LONGEST_LOCATOR_BYTES));
      return false;
    }
    if (!within(subject, locator)) {
      subject.add(
          new LocatorFinding.LocatorOutside(
              where, index, locator.offsetBytes(), locator.lengthBytes(), subject.sizeBytes()));
      return false;
    }
    if (locator.lengthBytes() > locator.spaceBytes()) {
      subject.add(
          new LocatorFinding.LocatorBeyondSpace(
              where, index, locator.lengthBytes(), locator.spaceBytes()));
    }
    if (locator.spaceBytes() > subject.sizeBytes() - locator.offsetBytes()) {
      subject.add(
          new LocatorFinding.LocatorSpaceOutside(
              where, index, locator.offsetBytes(), locator.spaceBytes(), subject.sizeBytes()));
    }
    return true;
  }

  /// Checks that nothing of the image, as far as it is known, lies where a locator that is placed
  /// well does, and makes it a part of the image.
  private static boolean apart(
      Subject subject, RawHeader header, RawHeader.Locator locator, Parts parts) {
    int index = locator.index();
    long start = locator.offsetBytes();
    long end = start + locator.takenBytes();
    if (start == end) {
      return true;
    }
    Optional<String> other = parts.within(start, end);
    other.ifPresent(what ->
        subject.add(
            new LocatorFinding.LocatorOverlaps(where(subject, header, index), index, what)));
    parts.add("parent locator " + index, start, end);
    return other.isEmpty();
  }

  private static void names(
      Subject subject, RawHeader header, List<Path> paths, boolean repairable) {
    String name = ParentNames.last(header.parentName());
    boolean agree = paths.stream().map(Path::name).distinct().count() == 1;
    boolean byLocators =
        repairable
            && agree
            && ParentNames.fitFirstSector(header.parentName(), paths.getFirst().name());
    nameInvalid(subject, header, byLocators && !paths.getFirst().name().equals(name));
    for (Path path : paths) {
      if (path.name().equals(name)) {
        continue;
      }
      Optional<Fix> remedy = Optional.empty();
      if (byLocators) {
        remedy = Optional.of(Fix.PARENT_NAME);
      } else if (repairable && !agree && ParentNames.canTake(path, name)) {
        remedy = Optional.of(Fix.LOCATOR_NAME);
      }
      subject.add(
          new LocatorFinding.LocatorNameDiffers(
              where(subject, header, path.locator().index()),
              path.locator().index(),
              name,
              path.name(),
              remedy));
    }
  }

  /// @param replaceable whether a repair can write another name over it
  private static void nameInvalid(Subject subject, RawHeader header, boolean replaceable) {
    byte[] field = header.parentNameBytes();
    boolean decodable = ParentNames.decodable(field, 0);
    if (decodable && !header.parentName().isEmpty()) {
      return;
    }
    boolean fixed = replaceable && ParentNames.decodable(field, ParentNames.FIRST_SECTOR_BYTES);
    subject.add(
        new HeaderFinding.ParentNameInvalid(
            subject.at(header.offsetBytes() + VhdLayout.HEADER_PARENT_NAME_AT),
            decodable ? "none" : "bytes that are no characters",
            fixed ? Optional.of(Fix.PARENT_NAME) : Optional.empty()));
  }

  private static Optional<Path> read(Subject subject, RawHeader.Locator locator)
      throws IOException {
    if (!locator.used()
        || !locator.known()
        || locator.lengthBytes() > VhdLayout.LONGEST_LOCATOR_BYTES
        || !within(subject, locator)) {
      return Optional.empty();
    }
    return Optional.of(
        path(locator, subject.read(locator.offsetBytes(), (int) locator.lengthBytes())));
  }

  /// What a locator's bytes say.
  static Path path(RawHeader.Locator locator, ByteBuffer bytes) {
    String path = ParentNames.charset(locator).decode(bytes).toString();
    int end = path.indexOf('\0');
    String text = end < 0 ? path : path.substring(0, end);
    return new Path(locator, text, ParentNames.last(text));
  }

  private static boolean within(Subject subject, RawHeader.Locator locator) {
    return locator.offsetBytes() >= 0
        && locator.offsetBytes() <= subject.sizeBytes() - locator.lengthBytes();
  }

  private static Where where(Subject subject, RawHeader header, int index) {
    return subject.at(
        header.offsetBytes()
            + VhdLayout.HEADER_LOCATORS_AT
            + (long) index * VhdLayout.LOCATOR_BYTES);
  }
}
