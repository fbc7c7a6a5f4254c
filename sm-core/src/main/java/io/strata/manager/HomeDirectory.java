// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.block.FileSystemSync;
import io.strata.spi.ErrorCode;
import io.strata.spi.HostUuid;
import io.strata.spi.StorageException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;

/// The folder that is one daemon's alone, for as long as this object is open.
///
/// | name | what |
/// |---|---|
/// | `daemon.lock` | locked by the daemon; holds its process id |
/// | `host-uuid` | this host's identity |
/// | `catalog.db` | the catalog |
/// | `run/nbd.sock` | the NBD server |
/// | `spool/` | images on their way in or out; emptied at start |
final class HomeDirectory implements AutoCloseable {
  private final Path home;
  private final FileChannel lockFile;

  private HomeDirectory(Path home, FileChannel lockFile) {
    this.home = home;
    this.lockFile = lockFile;
  }

  /// Makes the folder where it is absent, and takes it.
  ///
  /// @throws StorageException [ErrorCode#LOCK_ERR] if another daemon has it
  static HomeDirectory take(Path home) throws StorageException {
    try {
      Files.createDirectories(home);
      Files.createDirectories(home.resolve("run"));
      Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwx------"));
      Path path = home.resolve("daemon.lock");
      FileChannel channel =
          FileChannel.open(
              path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      if (tryLock(channel) == null) {
        String holder = Files.readString(path, StandardCharsets.UTF_8).strip();
        channel.close();
        throw taken(home, holder);
      }
      channel.truncate(0);
      channel.write(
          ByteBuffer.wrap(
              Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.UTF_8)));
      return new HomeDirectory(home, channel);
    } catch (IOException e) {
      throw unusable(home, e);
    }
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      return null;
    }
  }

  private static StorageException taken(Path home, String holder) {
    return new StorageException(
        ErrorCode.LOCK_ERR,
        "The home folder " + home + " belongs to a running daemon (process " + holder + ").",
        "Use that daemon, stop it first, or set STRATA_HOME to another folder.");
  }

  private static StorageException unusable(Path home, IOException e) {
    return new StorageException(
        ErrorCode.IO_ERROR,
        "The home folder " + home + " can't be used: " + e + ".",
        "Make it writable for this user, or set STRATA_HOME to another folder.",
        e);
  }

  Path catalog() {
    return home.resolve("catalog.db");
  }

  Path nbdSocket() {
    return home.resolve("run").resolve("nbd.sock");
  }

  /// An empty folder for images on their way.
  Path spool() throws StorageException {
    Path spool = home.resolve("spool");
    try {
      Files.createDirectories(spool);
      try (DirectoryStream<Path> left = Files.newDirectoryStream(spool)) {
        for (Path file : left) {
          Files.delete(file);
        }
      }
      return spool;
    } catch (IOException e) {
      throw unusable(home, e);
    }
  }

  /// This host's identity, made when first asked for.
  HostUuid hostUuid() throws StorageException {
    Path path = home.resolve("host-uuid");
    try {
      if (!Files.exists(path)) {
        Path fresh = home.resolve("host-uuid.new");
        Files.writeString(
            fresh,
            HostUuid.random() + "\n",
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE,
            StandardOpenOption.SYNC);
        Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE);
        FileSystemSync.ofFolder(home);
      }
      return HostUuid.parse(Files.readString(path, StandardCharsets.UTF_8).strip());
    } catch (IOException e) {
      throw unusable(home, e);
    }
  }

  @Override
  public void close() {
    try {
      lockFile.close();
    } catch (IOException e) {
      System.getLogger(HomeDirectory.class.getName())
          .log(System.Logger.Level.WARNING, "giving up " + home, e);
    }
  }
}
