// SPDX-License-Identifier: Apache-2.0
package io.strata.host;

import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Paths as the kernel prints them in `/proc`: blank, tab, newline and backslash as `\ooo`.
///
/// Source: proc(5), the kernel's `mangle()`.
final class OctalEscapes {
  private static final Pattern ESCAPE = Pattern.compile("\\\\([0-3][0-7]{2})");

  private OctalEscapes() {}

  static String decode(String printed) {
    // One char per byte, so that an escaped byte of a longer UTF-8 sequence is put back in place.
    String bytes =
        new String(printed.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    String decoded =
        ESCAPE
            .matcher(bytes)
            .replaceAll(m ->
                Matcher.quoteReplacement(String.valueOf((char) Integer.parseInt(m.group(1), 8))));
    return new String(decoded.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
  }
}
