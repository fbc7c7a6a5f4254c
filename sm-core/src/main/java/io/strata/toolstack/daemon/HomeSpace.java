// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.daemon;

import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import io.strata.toolstack.StrataHome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// Tells whether a daemon could not start because the file system of its home is full. The log is
/// there too, so that it says nothing then.
public final class HomeSpace {
  /// What a new home takes, roundly: the catalog with its journals, identities and the log. A start
  /// that fails with less left, fails for that.
  private static final long LITTLE_BYTES = 1 << 20;

  private HomeSpace() {}

  /// Returns where a start failed for another reason.
  ///
  /// @throws StorageException it failed since the home has no space
  public static void blame(StrataHome home, Exception failure) throws StorageException {
    long freeBytes = freeBytes(home.root());
    if (freeBytes < LITTLE_BYTES || saysSo(failure)) {
      throw full(home, freeBytes, failure);
    }
  }

  private static StorageException full(StrataHome home, long freeBytes, Exception failure) {
    return new StorageException(
        ErrorCode.SR_NO_SPACE,
        "The daemon could not start: the file system of its home "
            + home.root()
            + " has "
            + freeBytes
            + " bytes free.",
        "Free some MiB (or inodes) there, or give another home with --home or STRATA_HOME, then run"
            + " the command again.",
        failure);
  }

  private static boolean saysSo(Throwable failure) {
    for (@Nullable Throwable cause = failure; cause != null; cause = cause.getCause()) {
      String message = String.valueOf(cause.getMessage());
      if (message.contains("No space left") || message.contains("Disk quota exceeded")) {
        return true;
      }
    }
    return false;
  }

  /// Of the file system that holds the folder, or would; much where nobody can tell.
  private static long freeBytes(Path folder) {
    Path there = folder;
    while (!Files.exists(there) && there.getParent() != null) {
      there = there.getParent();
    }
    try {
      return Files.getFileStore(there).getUsableSpace();
    } catch (IOException unknown) {
      return Long.MAX_VALUE;
    }
  }
}
