// SPDX-License-Identifier: Apache-2.0
package io.strata.block;

/// Words for the error numbers of Linux that storage meets.
final class Errno {
  private Errno() {}

  static String text(int number) {
    return switch (number) {
      case 1 -> "Operation not permitted";
      case LinuxCalls.EIO -> "Input/output error";
      case LinuxCalls.EAGAIN -> "Resource temporarily unavailable";
      case 13 -> "Permission denied";
      case 20 -> "Not a directory";
      case 21 -> "Is a directory";
      case 23, 24 -> "Too many open files";
      case 27 -> "File too large";
      case LinuxCalls.ENOSPC -> "No space left on device";
      case 30 -> "Read-only file system";
      case 116 -> "Stale file handle";
      case 122 -> "Disk quota exceeded";
      default -> "error " + number;
    };
  }
}
