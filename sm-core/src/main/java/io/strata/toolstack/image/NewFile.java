// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.image;

import io.strata.block.FileSystemSync;
import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import io.strata.toolstack.Rendering;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;

/// A file that gets its name only once it is whole: it is written beside, and renamed at the end.
/// What was not published is deleted on close.
public final class NewFile implements AutoCloseable {
  /// Of a file's mode: its kind. Source: inode(7), "The file type and mode".
  private static final int KIND_MASK = 0xf000;

  private static final int NAMED_PIPE = 0x1000;
  private static final int CHARACTER_DEVICE = 0x2000;
  private static final int FOLDER = 0x4000;
  private static final int BLOCK_DEVICE = 0x6000;
  private static final int REGULAR_FILE = 0x8000;
  private static final int SYMBOLIC_LINK = 0xa000;

  private final Path file;
  private final boolean replaces;
  private final Path part;
  private final Names names;

  /// What filesystems differ in.
  interface Names {
    /// Those of the kernel.
    Names OF_FILESYSTEM =
        new Names() {
          @Override
          public void link(Path added, Path existing) throws IOException {
            Files.createLink(added, existing);
          }

          @Override
          public void syncContent(Path written) throws IOException {
            try (FileChannel channel = FileChannel.open(written, StandardOpenOption.WRITE)) {
              channel.force(true);
            }
          }

          @Override
          public void sync(Path folder) throws IOException {
            FileSystemSync.ofFolder(folder);
          }
        };

    /// Gives a file one more name, unless somebody has that.
    void link(Path added, Path existing) throws IOException;

    /// Makes what was written to a file durable.
    void syncContent(Path written) throws IOException;

    /// Makes the names in a folder durable.
    void sync(Path folder) throws IOException;
  }

  private NewFile(Path file, boolean replaces, Path part, Names names) {
    this.file = file;
    this.replaces = replaces;
    this.part = part;
    this.names = names;
  }

  /// Plans a file.
  ///
  /// @param force whether a regular file that is there is replaced
  /// @throws FileAlreadyExistsException where one is there and is to stay
  /// @throws NoSuchFileException where its folder is not there
  /// @throws StorageException [ErrorCode#INVALID_ARG] where something else than a file is there
  public static NewFile plan(Path file, boolean force) throws IOException, StorageException {
    return plan(file, force, Names.OF_FILESYSTEM);
  }

  static NewFile plan(Path file, boolean force, Names names) throws IOException, StorageException {
    if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      assertRegular(file);
      if (!force) {
        throw new FileAlreadyExistsException(file.toString());
      }
    }
    String suffix =
        ImageName.of(file)
            .format()
            .map(format -> "." + format.name().toLowerCase(Locale.ROOT))
            .orElse("");
    Path folder = folder(file);
    if (!Files.isDirectory(folder)) {
      throw new NoSuchFileException("the folder " + folder);
    }
    Path part = folder.resolve("." + UUID.randomUUID() + ".part" + suffix);
    return new NewFile(file, force, part, names);
  }

  /// A device, a pipe or a link with a regular file in its place would be gone for its other users.
  private static void assertRegular(Path file) throws IOException, StorageException {
    int mode = (int) Files.getAttribute(file, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    switch (mode & KIND_MASK) {
      case REGULAR_FILE -> {}
      case SYMBOLIC_LINK ->
          throw refused(file, "a symbolic link", "Give the file that it leads to.");
      case FOLDER -> throw refused(file, "a folder", "Give the name of a file in it.");
      case CHARACTER_DEVICE, BLOCK_DEVICE ->
          throw refused(file, "a device", "Give the name of a file.");
      case NAMED_PIPE -> throw refused(file, "a named pipe", "Give the name of a file.");
      default -> throw refused(file, "no regular file", "Give the name of a file.");
    }
  }

  private static StorageException refused(Path file, String kind, String remedy) {
    return new StorageException(
        ErrorCode.INVALID_ARG,
        "'" + Rendering.escaped(file.toString()) + "' is " + kind + ".",
        remedy);
  }

  private static Path folder(Path file) {
    return Optional.ofNullable(file.toAbsolutePath().getParent()).orElse(Path.of("/"));
  }

  /// Where it is to be written; nothing is there yet.
  public Path part() {
    return part;
  }

  /// Gives the written file its name; both its content and the name are durable then.
  public void publish() throws IOException {
    // Barrier: nobody finds the name of a file that is not whole.
    names.syncContent(part);
    if (replaces) {
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } else {
      link();
    }
    // Barrier: whoever hears that the file is there may give up what it was made of.
    names.sync(folder(file));
  }

  /// The new name, or the exception that says that somebody else has it. Filesystems without hard
  /// links (FAT, exFAT, some network shares) have it reserved by an empty file first.
  private void link() throws IOException {
    try {
      names.link(file, part);
    } catch (FileAlreadyExistsException e) {
      throw e;
    } catch (FileSystemException | UnsupportedOperationException e) {
      Files.createFile(file);
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(part);
  }
}
