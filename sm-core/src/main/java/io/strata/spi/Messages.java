// SPDX-License-Identifier: Apache-2.0
package io.strata.spi;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Optional;

/// Makes values from outside safe to show in a message, and failures readable.
public final class Messages {
  private static final int LONGEST = 200;

  private Messages() {}

  /// Why a file could not be used, without its name, as a part of a sentence that has it.
  public static String reason(IOException failed) {
    Optional<String> said =
        Optional.ofNullable(
            failed instanceof FileSystemException named ? named.getReason() : failed.getMessage());
    return said.orElse(
        switch (failed) {
          case NoSuchFileException _ -> "No such file or directory";
          case AccessDeniedException _ -> "Permission denied";
          case FileAlreadyExistsException _ -> "File exists";
          default -> "Input/output error";
        });
  }

  /// The text with control characters replaced and its length bounded.
  public static String printable(String text) {
    StringBuilder shown = new StringBuilder(Math.min(text.length(), LONGEST));
    text.codePoints()
        .limit(LONGEST)
        .forEach(c -> shown.appendCodePoint(Character.isISOControl(c) ? '?' : c));
    return text.length() > LONGEST ? shown.append("...").toString() : shown.toString();
  }
}
