// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack;

import java.util.stream.Collectors;

/// Values as the command line shows and filters them, in the way of `xe`.
public final class Rendering {
  private static final String ABSENT = "<not in database>";

  private Rendering() {}

  /// Sets are joined by `; `, maps are `key: value; ...`, and what is absent says so.
  public static String of(Json value) {
    return switch (value) {
      case Json.Items items ->
          items.values().stream().map(Json::plain).collect(Collectors.joining("; "));
      case Json.Members members ->
          members.values().entrySet().stream()
              .map(entry -> entry.getKey() + ": " + entry.getValue().plain())
              .collect(Collectors.joining("; "));
      case Json.Nothing nothing -> ABSENT;
      case Json.Text text -> text.value();
      case Json.Whole number -> number.plain();
      case Json.Truth truth -> truth.plain();
    };
  }

  /// The text with control and formatting characters written as escapes, so that a name can neither
  /// break a line nor reach the terminal.
  public static String escaped(String text) {
    if (text.chars().noneMatch(Rendering::dangerous)) {
      return text;
    }
    StringBuilder shown = new StringBuilder(text.length() + 16);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '\n' -> shown.append("\\n");
        case '\r' -> shown.append("\\r");
        case '\t' -> shown.append("\\t");
        default -> {
          if (dangerous(c)) {
            shown.append(String.format("\\u%04x", (int) c));
          } else {
            shown.append(c);
          }
        }
      }
    }
    return shown.toString();
  }

  private static boolean dangerous(int c) {
    return Character.isISOControl(c)
        || Character.getType(c) == Character.FORMAT
        || Character.getType(c) == Character.LINE_SEPARATOR
        || Character.getType(c) == Character.PARAGRAPH_SEPARATOR;
  }
}
