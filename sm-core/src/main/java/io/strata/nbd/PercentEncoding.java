// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import java.nio.charset.StandardCharsets;

/// Percent-encoding of a URI's component. Source: RFC 3986, section 2.1.
final class PercentEncoding {
  private static final String UNRESERVED_MARKS = "-._~";
  private static final String HEX = "0123456789ABCDEF";

  private PercentEncoding() {}

  /// Encodes every UTF-8 byte of `text` but letters, digits, `-._~` and what `alsoKept` lists.
  static String encode(String text, String alsoKept) {
    StringBuilder encoded = new StringBuilder(text.length() + 16);
    for (byte octet : text.getBytes(StandardCharsets.UTF_8)) {
      char character = (char) (octet & 0xFF);
      if (isKept(character, alsoKept)) {
        encoded.append(character);
      } else {
        encoded.append('%').append(HEX.charAt(character >> 4)).append(HEX.charAt(character & 0xF));
      }
    }
    return encoded.toString();
  }

  private static boolean isKept(char character, String alsoKept) {
    return (character >= 'a' && character <= 'z')
        || (character >= 'A' && character <= 'Z')
        || (character >= '0' && character <= '9')
        || UNRESERVED_MARKS.indexOf(character) >= 0
        || alsoKept.indexOf(character) >= 0;
  }
}
