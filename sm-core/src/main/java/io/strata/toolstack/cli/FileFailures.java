// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import io.strata.vhd.VhdCorruptException;
import io.strata.vhd.VhdRejectedException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/// What the failures of a command on files mean for who gave it.
final class FileFailures {
  private FileFailures() {}

  /// The failure on one line, with a number and what to do where its kind says that much.
  static String line(IOException e) {
    String what = String.valueOf(e.getMessage());
    return switch (e) {
      case VhdCorruptException _ ->
          line(
              ErrorCode.VDI_LOAD,
              what,
              "See strata vhd check for all that is wrong, and strata vhd repair for what can be"
                  + " repaired.");
      case VhdRejectedException _ ->
          line(
              ErrorCode.VDI_LOAD,
              what,
              "Put its parents beside it, as they were when it was made over them.");
      // These carry nothing but a name: the kind says the rest.
      case FileAlreadyExistsException _ ->
          line(ErrorCode.INVALID_ARG, what + " exists already", "Give another, or --force.");
      case NoSuchFileException _ ->
          line(ErrorCode.INVALID_ARG, what + " is not there", "Give the path of one that is.");
      case AccessDeniedException _ ->
          line(
              ErrorCode.INVALID_ARG,
              what + " may not be opened by this user",
              "Run the command as one who may.");
      default ->
          what.contains("No space left") || what.contains("Disk quota exceeded")
              ? line(ErrorCode.SR_NO_SPACE, what, "Free space there, then try again.")
              : other(e);
    };
  }

  private static String other(IOException e) {
    return e instanceof FileSystemException
        ? line(
            ErrorCode.IO_ERROR, String.valueOf(e.getMessage()), "Give the path of a regular file.")
        : "Error: " + Tools.said(e);
  }

  private static String line(ErrorCode code, String what, String remedy) {
    return Main.error(new StorageException(code, what + ".", remedy));
  }
}
