// SPDX-License-Identifier: Apache-2.0
package io.strata.block;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;

/// Frees the storage of a file that has lost its last name, piece by piece.
///
/// The last close of such a file frees all of it. Where it lies scattered, and the medium is told
/// of each extent (mount option `discard`), that keeps the device and the file system's locks busy
/// for seconds, beside guests that write to other files. So the file is made shorter in steps, each
/// of which is short, and the others have as much time in between.
///
/// A client may still be about to get what it read: sendfile leaves pages of the file in a socket.
/// Pages that are cut off with their whole folio keep their content; but where a file ends within a
/// folio, Linux (5.17 and later) zeroes the rest of the folio in place. So each step ends where the
/// largest folio may begin.
final class DeletedFile {
  /// Smaller files are freed at once.
  static final long LARGE_BYTES = 16L << 20;

  /// The largest folio of the page cache: a huge page. Folios are aligned to their size.
  static final long LARGEST_FOLIO_BYTES = 2L << 20;

  /// At most 512 extents of 4 KiB: what the first step frees, and each that finds the file
  /// scattered. No less, for a step ends where a folio does.
  static final long STEP_BYTES = LARGEST_FOLIO_BYTES;

  /// A step that took less is followed by one of twice the size: holes and long extents take no
  /// time.
  private static final long SHORT_NANOS = 500_000;

  /// A step that took more is followed by one of half the size.
  private static final long LONG_NANOS = 2_000_000;

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

  /// @return the steps it took
  static int free(int fd, long sizeBytes) {
    int steps = 0;
    long step = STEP_BYTES;
    for (long left = sizeBytes; left > 0; steps++) {
      left = shorter(left, step);
      long start = System.nanoTime();
      if (LinuxCalls.ftruncate(fd, left) != 0) {
        break;
      }
      long took = System.nanoTime() - start;
      if (took < SHORT_NANOS) {
        step *= 2;
      } else if (took > LONG_NANOS) {
        step = Math.max(STEP_BYTES, step / 2);
      }
      LockSupport.parkNanos(took);
    }
    return steps;
  }

  /// The size after a step.
  static long shorter(long sizeBytes, long stepBytes) {
    return Math.max(0, sizeBytes - stepBytes) / LARGEST_FOLIO_BYTES * LARGEST_FOLIO_BYTES;
  }

  private static Path path(int fd) {
    return Path.of("/proc/self/fd/" + fd);
  }
}
