// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import java.util.Locale;
import java.util.Optional;

/// One thing that is not as the format wants it. Each kind is its own type, with the values that
/// belong to it.
public sealed interface Finding
    permits FooterFinding,
        HeaderFinding,
        TableFinding,
        BatmapFinding,
        BitmapFinding,
        LocatorFinding,
        ChainFinding {

  /// Where it is.
  Where where();

  /// How bad it is.
  Severity severity();

  /// What should be there.
  String expected();

  /// What is there.
  String found();

  /// What mends a finding of this kind, where the rest of the image lets it; whether it does is in
  /// [CheckReport#fix]. Empty where nothing ever does.
  default Optional<Fix> remedy() {
    return Optional.empty();
  }

  /// The kind's name, for programs: as in `entries-overlap`.
  default String name() {
    return getClass()
        .getSimpleName()
        .replaceAll("(?<=[a-z])(?=[A-Z])", "-")
        .toLowerCase(Locale.ROOT);
  }

  /// The finding in one sentence, for people.
  default String sentence() {
    StringBuilder text = new StringBuilder();
    text.append(where().image()).append(", byte ").append(where().offsetBytes());
    where().block().ifPresent(block -> text.append(", block ").append(block));
    return text.append(": expected ")
        .append(expected())
        .append(", found ")
        .append(found())
        .toString();
  }
}
