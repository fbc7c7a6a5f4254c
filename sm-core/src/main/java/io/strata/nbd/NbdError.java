// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import io.strata.block.ReadOnlyDeviceException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;

/// The errors that a reply can carry. Source: `doc/proto.md`, "Error values".
enum NbdError {
  PERMISSION(1, "the export is read-only"),
  IO(5, "the device failed"),
  INVALID(22, "the request is invalid or outside the export"),
  NO_SPACE(28, "no space left for the export"),
  NOT_SUPPORTED(95, "zeroes can't be written fast here");

  private static final int CAUSES_LOOKED_AT = 8;

  /// What systems say, in lower case, where space or a quota is used up.
  private static final List<String> NO_SPACE_MESSAGES =
      List.of("no space left", "not enough space", "quota exceeded", "enospc", "file too large");

  private final int code;
  private final String message;

  NbdError(int code, String message) {
    this.code = code;
    this.message = message;
  }

  /// The number on the wire.
  int code() {
    return code;
  }

  /// What people get to read, in UTF-8.
  byte[] message() {
    return message.getBytes(StandardCharsets.UTF_8);
  }

  /// What a failure of the device is to the client.
  static NbdError of(Throwable failure) {
    Throwable cause = failure;
    for (int depth = 0; cause != null && depth < CAUSES_LOOKED_AT; depth++) {
      if (cause instanceof ReadOnlyDeviceException) {
        return PERMISSION;
      }
      if (saysNoSpace(cause)) {
        return NO_SPACE;
      }
      cause = cause.getCause();
    }
    return IO;
  }

  private static boolean saysNoSpace(Throwable cause) {
    String text = cause.getMessage();
    if (text == null) {
      return false;
    }
    String lower = text.toLowerCase(Locale.ROOT);
    return NO_SPACE_MESSAGES.stream().anyMatch(lower::contains);
  }
}
