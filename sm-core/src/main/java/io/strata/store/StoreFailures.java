// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import io.strata.spi.ErrorCode;
import io.strata.spi.Messages;
import io.strata.spi.StorageException;
import io.strata.vhd.VhdCorruptException;
import io.strata.vhd.VhdRejectedException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;

/// The one place where failures of the medium become failures of an operation.
final class StoreFailures {
  private StoreFailures() {}

  /// @param action what could not be done: "VDI ... can't be opened"
  static StorageException of(String action, IOException failed) {
    String what = action + ": " + text(failed) + ".";
    if (failed instanceof VhdCorruptException || failed instanceof VhdRejectedException) {
      return new StorageException(
          ErrorCode.VDI_LOAD,
          what,
          "Restore the file from a backup, then scan the SR again; other VDIs are not affected.",
          failed);
    }
    if (failed instanceof FolderGoneException) {
      return new StorageException(
          ErrorCode.SR_UNAVAILABLE,
          what,
          "Mount it, or bring the folder back; if it was mounted anew, unplug and plug the SR.",
          failed);
    }
    if (failed instanceof NoSuchFileException) {
      return new StorageException(
          ErrorCode.VDI_MISSING, what, "Scan the SR to see what it holds.", failed);
    }
    if (noSpace(failed)) {
      return new StorageException(
          ErrorCode.SR_NO_SPACE, what, "Delete VDIs or snapshots, or enlarge the SR.", failed);
    }
    return new StorageException(
        ErrorCode.IO_ERROR, what, "Check the health of the storage, then try again.", failed);
  }

  static boolean noSpace(IOException failed) {
    if (failed instanceof NoSpaceException) {
      return true;
    }
    String message = failed.getMessage();
    return message != null
        && (message.contains("No space left") || message.contains("Disk quota exceeded"));
  }

  static StorageException missing(String what) {
    return new StorageException(ErrorCode.VDI_MISSING, what, "Scan the SR to see what it holds.");
  }

  private static String text(IOException failed) {
    String message = failed.getMessage();
    if (message == null) {
      return Messages.reason(failed);
    }
    return failed instanceof NoSuchFileException ? message + " is not there" : message;
  }
}
