// SPDX-License-Identifier: Apache-2.0
package io.strata.block;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;

/// Frees the storage of a file that has lost its last name, piece by piece.
///
/// The last close of such a file frees all of it. While a file system frees what lies scattered,
/// and tells the medium of each extent (mount option `discard`), nobody else gets a place in its
/// journal: guests that write to other files were seen to stand still for 80 ms. So the file is
/// made shorter in steps, each of which is short, and the others have as much time in between.
final class DeletedFile {
  /// Smaller files are freed at once.
  static final long LARGE_BYTES = 16L << 20;

  /// At most 128 extents of 4 KiB.
  static final long STEP_BYTES = 512L << 10;

  private DeletedFile() {}

  /// Closes a descriptor. Takes long where it is the last one of a large file without a name.
  static void close(int fd, long sizeBytes) {
    int last = fd;
    if (sizeBytes >= LARGE_BYTES && names(fd) == 0) {
      last = reopened(fd);
      if (LinuxCalls.onlyOpener(last)) {
        free(last, sizeBytes);
      }
    }
    LinuxCalls.close(last);
  }

  private static int names(int fd) {
    try {
      return (int) Files.getAttribute(path(fd), "unix:nlink");
    } catch (IOException | UnsupportedOperationException unknown) {
      return 1;
    }
  }

  /// The same file, open for writing, and closed as it was before.
  private static int reopened(int fd) {
    try {
      int writable = LinuxCalls.open(path(fd), LinuxCalls.O_RDWR | LinuxCalls.O_CLOEXEC, 0);
      LinuxCalls.close(fd);
      return writable;
    } catch (IOException notPossible) {
      return fd;
    }
  }

  private static void free(int fd, long sizeBytes) {
    long left = sizeBytes;
    while (left > 0) {
      long start = System.nanoTime();
      left = Math.max(0, (left - 1) / STEP_BYTES * STEP_BYTES);
      if (LinuxCalls.ftruncate(fd, left) != 0) {
        return;
      }
      LockSupport.parkNanos(System.nanoTime() - start);
    }
  }

  private static Path path(int fd) {
    return Path.of("/proc/self/fd/" + fd);
  }
}
