// SPDX-License-Identifier: Apache-2.0
package io.strata.spi;

/// Makes values from outside safe to show in a message.
public final class Messages {
  private static final int LONGEST = 200;

  private Messages() {}

  /// The text with control characters replaced and its length bounded.
  public static String printable(String text) {
    StringBuilder shown = new StringBuilder(Math.min(text.length(), LONGEST));
    text.codePoints()
        .limit(LONGEST)
        .forEach(c -> shown.appendCodePoint(Character.isISOControl(c) ? '?' : c));
    return text.length() > LONGEST ? shown.append("...").toString() : shown.toString();
  }
}
