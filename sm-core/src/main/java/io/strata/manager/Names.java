// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.spi.ErrorCode;
import io.strata.spi.Messages;
import io.strata.spi.StorageException;
import java.util.Map;

/// Names and values from users: literal text. Only what no database and no JSON can hold is
/// refused.
final class Names {
  private static final int LONGEST = 65_536;

  private Names() {}

  /// @throws StorageException [ErrorCode#BAD_CHARACTER] for a NUL or half a surrogate pair;
  ///   [ErrorCode#INVALID_ARG] for more than 65536 characters
  static String check(String parameter, String text) throws StorageException {
    if (text.length() > LONGEST) {
      throw new StorageException(
          ErrorCode.INVALID_ARG,
          "The value of " + parameter + " has " + text.length() + " characters.",
          "Give at most " + LONGEST + ".");
    }
    if (text.codePoints().anyMatch(Names::unstorable)) {
      throw new StorageException(
          ErrorCode.BAD_CHARACTER,
          "The value of "
              + parameter
              + " holds a NUL or half a surrogate pair: '"
              + Messages.printable(text)
              + "'.",
          "Give text that can be stored.");
    }
    return text;
  }

  static void check(String parameter, Map<String, String> values) throws StorageException {
    for (Map.Entry<String, String> entry : values.entrySet()) {
      check(parameter, entry.getKey());
      check(parameter, entry.getValue());
    }
  }

  static void check(String parameter, Iterable<String> values) throws StorageException {
    for (String value : values) {
      check(parameter, value);
    }
  }

  private static boolean unstorable(int codePoint) {
    return codePoint == 0 || (codePoint >= 0xD800 && codePoint <= 0xDFFF);
  }
}
