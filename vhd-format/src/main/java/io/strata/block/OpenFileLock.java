// SPDX-License-Identifier: Apache-2.0
package io.strata.block;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.Optional;

/// An advisory lock on a range of a file that lasts until it is closed, or the process ends. The
/// JDK's locks are the process's: the system drops those when any descriptor of the file is closed.
/// Source: fcntl(2), "Open file description locks".
public final class OpenFileLock implements AutoCloseable {
  private final Descriptor descriptor;

  private OpenFileLock(int fd) {
    descriptor = new Descriptor(fd);
  }

  /// Takes it, or nothing where somebody else has one that it conflicts with: in another process or
  /// in this one, of this kind or of the JDK's.
  ///
  /// @param shared whether others may have shared ones; else the file must be writable
  public static Optional<OpenFileLock> take(
      Path file, long offsetBytes, long lengthBytes, boolean shared) throws IOException {
    int access = shared ? LinuxCalls.O_RDONLY : LinuxCalls.O_RDWR;
    int fd = LinuxCalls.open(file, access | LinuxCalls.O_CLOEXEC, 0);
    int error = LinuxCalls.lock(fd, offsetBytes, lengthBytes, shared);
    if (error == 0) {
      return Optional.of(new OpenFileLock(fd));
    }
    LinuxCalls.close(fd);
    if (error == LinuxCalls.EAGAIN || error == LinuxCalls.EACCES) {
      return Optional.empty();
    }
    throw new FileSystemException(file.toString(), null, Errno.text(error));
  }

  @Override
  public void close() {
    descriptor.giveUp().ifPresent(LinuxCalls::close);
  }
}
