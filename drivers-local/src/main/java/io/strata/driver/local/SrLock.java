// SPDX-License-Identifier: Apache-2.0
package io.strata.driver.local;

import io.strata.spi.ErrorCode;
import io.strata.spi.Messages;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.store.DirectoryStore;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/// Keeps a second daemon out of an SR's folder while it is attached.
///
/// A lock of the kernel's on an empty file, which ends with the process that holds it. Within one
/// process a later attach takes the lock over from an earlier one that was not closed, as after a
/// crash; the earlier one's close then does nothing.
final class SrLock implements AutoCloseable {
  /// Guarded by itself. One entry per folder that this process holds.
  private static final Map<Path, SrLock> HELD = new HashMap<>();

  private final Path folder;
  private final FileChannel channel;

  private SrLock(Path folder, FileChannel channel) {
    this.folder = folder;
    this.channel = channel;
  }

  /// Takes the lock, at once or not at all.
  ///
  /// @throws StorageException [ErrorCode#SR_IN_USE] where another process holds it
  static SrLock take(Path folder, SrUuid sr) throws StorageException {
    synchronized (HELD) {
      SrLock earlier = HELD.get(folder);
      FileChannel channel = earlier == null ? open(folder, sr) : earlier.channel;
      SrLock taken = new SrLock(folder, channel);
      HELD.put(folder, taken);
      return taken;
    }
  }

  private static FileChannel open(Path folder, SrUuid sr) throws StorageException {
    Path file = folder.resolve(DirectoryStore.LOCK);
    try {
      FileChannel channel =
          FileChannel.open(
              file,
              Set.of(
                  StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS));
      FileLock lock = channel.tryLock();
      if (lock != null) {
        return channel;
      }
      channel.close();
    } catch (IOException failed) {
      throw new StorageException(
          ErrorCode.SR_UNAVAILABLE,
          "The lock " + file + " of SR " + sr + " can't be taken: " + Messages.reason(failed) + ".",
          "Make the folder writable for the daemon, then plug the PBD again.",
          failed);
    }
    throw new StorageException(
        ErrorCode.SR_IN_USE,
        "SR " + sr + " in " + folder + " is attached by another process of this host.",
        "Unplug its PBD there, or stop that daemon.");
  }

  /// Lets others in. Idempotent.
  @Override
  public void close() throws IOException {
    synchronized (HELD) {
      if (HELD.remove(folder, this)) {
        channel.close();
      }
    }
  }
}
