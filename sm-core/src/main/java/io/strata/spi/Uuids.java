// SPDX-License-Identifier: Apache-2.0
package io.strata.spi;

import java.util.UUID;
import java.util.regex.Pattern;

/// Strict reading of UUIDs: no other spelling reaches a path or a statement.
final class Uuids {
  private static final Pattern CANONICAL =
      Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");

  private Uuids() {}

  static UUID parse(String what, String text) throws StorageException {
    if (!CANONICAL.matcher(text).matches()) {
      throw new StorageException(
          ErrorCode.BAD_REQUEST,
          "'" + Messages.printable(text) + "' is not the UUID of a " + what + ".",
          "Give the 36 characters that sr-list, vdi-list or pbd-list print.");
    }
    return UUID.fromString(text);
  }
}
