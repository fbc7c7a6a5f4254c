// SPDX-License-Identifier: Apache-2.0
package io.strata.block;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.function.IntUnaryOperator;

/// Makes durable what was done without a descriptor of ours: syncfs(2), and fsync(2) of folders.
public final class FileSystemSync {

  private FileSystemSync() {}

  /// Names that came or went in a folder. Where its filesystem has no fsync(2) of folders (CIFS),
  /// all that was written to it is made durable.
  public static void ofFolder(Path folder) throws IOException {
    with(folder, FileSystemSync::folder);
  }

  /// All that was written to the filesystem that a file or folder is on, by whomever.
  public static void ofAllAt(Path path) throws IOException {
    with(path, LinuxCalls::syncfs);
  }

  private static int folder(int fd) {
    int error = LinuxCalls.fsync(fd);
    return error == LinuxCalls.EINVAL ? LinuxCalls.syncfs(fd) : error;
  }

  private static void with(Path path, IntUnaryOperator call) throws IOException {
    int fd = LinuxCalls.open(path, LinuxCalls.O_RDONLY | LinuxCalls.O_CLOEXEC, 0);
    try {
      int error = call.applyAsInt(fd);
      if (error != 0) {
        throw new FileSystemException(path.toString(), null, Errno.text(error));
      }
    } finally {
      LinuxCalls.close(fd);
    }
  }
}
