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

  static void run(Subject subject, RawHeader header, Optional<BlockTable> table)
      throws IOException {
    List<Path> paths = new ArrayList<>();
    int used = 0;
    for (int i = 0; i < VhdLayout.HEADER_LOCATORS; i++) {
      RawHeader.Locator locator = header.locator(i);
      if (locator.used()) {
        used++;
        bounds(subject, header, locator, table);
        read(subject, locator).ifPresent(paths::add);
      }
    }
    if (used == 0) {
      subject.add(
          new LocatorFinding.LocatorsMissing(
              subject.at(header.offsetBytes() + VhdLayout.HEADER_LOCATORS_AT)));
    }
    boolean apart =
        paths.stream().allMatch(path -> overlap(header, path.locator(), table).isEmpty());
    names(subject, header, paths, apart);
  }

  static void inDynamic(Subject subject, RawHeader header) {
    for (int i = 0; i < VhdLayout.HEADER_LOCATORS; i++) {
      if (header.locator(i).used()) {
        subject.add(new LocatorFinding.LocatorInDynamic(where(subject, header, i), i));
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

  private static void bounds(
      Subject subject, RawHeader header, RawHeader.Locator locator, Optional<BlockTable> table) {
    int index = locator.index();
    Where where = where(subject, header, index);
    if (!locator.known()) {
      subject.add(
          new LocatorFinding.LocatorUnknown(
              where, index, "0x%08x".formatted(locator.platformCode())));
    }
    if (locator.lengthBytes() > VhdLayout.LONGEST_LOCATOR_BYTES) {
      subject.add(
          new LocatorFinding.LocatorTooLong(
              where, index, locator.lengthBytes(), VhdLayout.LONGEST_LOCATOR_BYTES));
      return;
    }
    if (!within(subject, locator)) {
      subject.add(
          new LocatorFinding.LocatorOutside(
              where, index, locator.offsetBytes(), locator.lengthBytes(), subject.sizeBytes()));
      return;
    }
    if (locator.lengthBytes() > locator.spaceBytes()) {
      subject.add(
          new LocatorFinding.LocatorBeyondSpace(
              where, index, locator.lengthBytes(), locator.spaceBytes()));
    }
    overlap(header, locator, table)
        .ifPresent(what -> subject.add(new LocatorFinding.LocatorOverlaps(where, index, what)));
  }

  /// What of the image a locator's path lies on, as far as it is known.
  private static Optional<String> overlap(
      RawHeader header, RawHeader.Locator locator, Optional<BlockTable> table) {
    long start = locator.offsetBytes();
    long end = start + locator.lengthBytes();
    for (TableCheck.Region region : TableCheck.regions(header)) {
      if (start < region.endBytes() && region.startBytes() < end) {
        return Optional.of(region.what());
      }
    }
    return table
        .flatMap(blocks -> blocks.blockOn(start, end, header))
        .map(block -> "block " + block);
  }

  private static void names(
      Subject subject, RawHeader header, List<Path> paths, boolean repairable) {
    String name = header.parentName();
    boolean agree = paths.stream().map(Path::name).distinct().count() == 1;
    for (Path path : paths) {
      if (path.name().equals(name)) {
        continue;
      }
      Optional<Fix> fix = Optional.empty();
      if (repairable && agree && ParentNames.fitFirstSector(name, path.name())) {
        fix = Optional.of(Fix.PARENT_NAME);
      } else if (repairable && !agree && ParentNames.canTake(path, name)) {
        fix = Optional.of(Fix.LOCATOR_NAME);
      }
      subject.add(
          new LocatorFinding.LocatorNameDiffers(
              where(subject, header, path.locator().index()),
              path.locator().index(),
              name,
              path.name(),
              fix));
    }
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
