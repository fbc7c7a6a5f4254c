// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/// Finds what somebody probably meant to type.
public final class Nearest {
  private static final int MAX_COMPARED_CHARS = 64;

  private Nearest() {}

  /// The known word that is closest, where one is close enough to be meant.
  public static Optional<String> to(String typed, Collection<String> known) {
    if (typed.length() > MAX_COMPARED_CHARS) {
      return Optional.empty();
    }
    int allowed = Math.max(2, typed.length() / 3);
    return known.stream()
        .filter(word -> distance(typed, word) <= allowed)
        .min(Comparator.comparingInt(word -> distance(typed, word)));
  }

  /// A sentence: the closest word, or all of them.
  public static String suggestion(String typed, Collection<String> known) {
    if (known.isEmpty()) {
      return "It takes none.";
    }
    return to(typed, known)
        .map(word -> "Did you mean '" + word + "'?")
        .orElse("There are: " + String.join(", ", known) + ".");
  }

  /// Insertions, deletions and replacements that turn one word into the other.
  private static int distance(String from, String to) {
    int[] row = new int[to.length() + 1];
    for (int j = 0; j <= to.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= from.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= to.length(); j++) {
        int replaced = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[to.length()];
  }
}
