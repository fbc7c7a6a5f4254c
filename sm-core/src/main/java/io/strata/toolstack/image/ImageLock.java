// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.image;

import io.strata.block.Container;
import io.strata.block.OpenFileLock;
import io.strata.manager.ImageFormat;
import io.strata.spi.ErrorCode;
import io.strata.spi.Messages;
import io.strata.spi.StorageException;
import io.strata.store.DirectoryStore;
import io.strata.vhd.FolderParents;
import io.strata.vhd.ParentLink;
import io.strata.vhd.VhdInfo;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Keeps two commands from writing one image, and one from writing what another reads. It ends with
/// [#close], or with the process.
///
/// An advisory lock of one byte beyond the end of any image, so that locks of other programs are
/// not met.
public final class ImageLock implements AutoCloseable {
  private static final long POSITION = 1L << 62;

  private final List<OpenFileLock> locks = new ArrayList<>();

  private ImageLock() {}

  /// For a command that changes an image.
  ///
  /// @throws StorageException [ErrorCode#VDI_IN_USE] where another uses it
  public static ImageLock writing(Path file) throws IOException, StorageException {
    return of(List.of(), Optional.of(file));
  }

  /// For a command that looks at an image as it stands there, without its parents.
  ///
  /// @throws StorageException [ErrorCode#VDI_IN_USE] where another writes it
  public static ImageLock reading(Path file) throws IOException, StorageException {
    return of(List.of(file), Optional.empty());
  }

  /// For a command that reads an image and its parents, and may write the image.
  ///
  /// @throws StorageException [ErrorCode#VDI_IN_USE] where another writes one of them, or uses the
  ///   one that is to be written
  public static ImageLock chain(Path file, ImageFormat format, boolean writable)
      throws IOException, StorageException {
    List<Path> read = new ArrayList<>(format == ImageFormat.VHD ? parents(file) : List.of());
    if (!writable) {
      read.add(file);
    }
    return of(read, writable ? Optional.of(file) : Optional.empty());
  }

  private static ImageLock of(List<Path> read, Optional<Path> written)
      throws IOException, StorageException {
    ImageLock lock = new ImageLock();
    try {
      if (written.isPresent()) {
        checkDetached(written.get());
        lock.add(written.get(), false);
        try (FileChannel channel = FileChannel.open(written.get(), StandardOpenOption.WRITE)) {
          // Barrier: a change of what a killed process left is never durable before that is.
          channel.force(false);
        }
      }
      for (Path file : read) {
        lock.add(file, true);
      }
      return lock;
    } catch (IOException | StorageException | RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  private static List<Path> parents(Path file) throws IOException {
    List<Path> found = new ArrayList<>();
    FolderParents folder = ImageDevice.parentsOf(file);
    Optional<ParentLink> next = ImageDevice.infoOf(file).parent();
    while (next.isPresent()) {
      try (Container parent = folder.open(next.get(), file.toString())) {
        found.add(Path.of(parent.location()));
        next = VhdInfo.read(parent).parent();
      }
    }
    return found;
  }

  /// Refuses to write an image of an SR that a daemon has attached: it may have the image open.
  private static void checkDetached(Path file) throws IOException, StorageException {
    Path lock = file.toAbsolutePath().resolveSibling(DirectoryStore.LOCK);
    if (!Files.exists(lock, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try (FileChannel channel =
        FileChannel.open(lock, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
      if (!free(channel)) {
        throw new StorageException(
            ErrorCode.SR_IN_USE,
            "'" + Messages.printable(file.toString()) + "' belongs to an SR that is attached.",
            "Unplug that SR's PBD, or stop its daemon; disks of an SR are changed by vdi-*"
                + " commands.");
      }
    }
  }

  private static boolean free(FileChannel channel) throws IOException {
    try {
      return channel.tryLock(0, Long.MAX_VALUE, true) != null;
    } catch (OverlappingFileLockException heldHere) {
      return false;
    }
  }

  private void add(Path file, boolean shared) throws IOException, StorageException {
    locks.add(
        OpenFileLock.take(file, POSITION, 1, shared)
            .orElseThrow(() ->
                new StorageException(
                    ErrorCode.VDI_IN_USE,
                    "'" + Messages.printable(file.toString()) + "' is in use by another process.",
                    "End the strata serve or strata vhd that uses it, then try again.")));
  }

  @Override
  public void close() {
    locks.forEach(OpenFileLock::close);
  }
}
