// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.daemon;

import io.strata.toolstack.StrataHome;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/// Held by the one daemon of a home as long as it lives; the kernel lets go of it when the process
/// ends, however it ends.
public final class HomeLock implements AutoCloseable {
  private static final int ATTEMPTS = 20;
  private static final Duration PAUSE = Duration.ofMillis(25);

  private final FileChannel channel;

  private HomeLock(FileChannel channel) {
    this.channel = channel;
  }

  /// Takes the lock; absent where another process has it.
  public static Optional<HomeLock> take(StrataHome home) throws IOException {
    FileChannel channel =
        FileChannel.open(home.lock(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      FileLock lock = channel.tryLock();
      if (lock != null) {
        return Optional.of(new HomeLock(channel));
      }
    } catch (OverlappingFileLockException heldByThisProcess) {
      // As if another process had it.
    }
    channel.close();
    return Optional.empty();
  }

  /// Takes the lock, waiting a little for somebody who only looks whether it is held.
  static Optional<HomeLock> takePatiently(StrataHome home) throws IOException {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      Optional<HomeLock> lock = take(home);
      if (lock.isPresent()) {
        return lock;
      }
      LockSupport.parkNanos(PAUSE.toNanos());
    }
    return Optional.empty();
  }

  /// Whether a daemon holds it now.
  public static boolean isHeld(StrataHome home) throws IOException {
    if (!Files.exists(home.lock())) {
      return false;
    }
    Optional<HomeLock> free = take(home);
    if (free.isPresent()) {
      free.get().close();
      return false;
    }
    return true;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
