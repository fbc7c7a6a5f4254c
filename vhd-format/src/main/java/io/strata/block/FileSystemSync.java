// SPDX-License-Identifier: Apache-2.0
package io.strata.block;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;

/// Makes files durable that others wrote: syncfs(2).
public final class FileSystemSync {

  private FileSystemSync() {}

  /// All that was written to the filesystem that a file or folder is on, by whomever.
  public static void ofAllAt(Path path) throws IOException {
    int fd = LinuxCalls.open(path, LinuxCalls.O_RDONLY | LinuxCalls.O_CLOEXEC, 0);
    try {
      int error = LinuxCalls.syncfs(fd);
      if (error != 0) {
        throw new FileSystemException(path.toString(), null, Errno.text(error));
      }
    } finally {
      LinuxCalls.close(fd);
    }
  }
}
