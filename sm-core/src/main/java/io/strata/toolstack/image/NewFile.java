// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.image;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
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
  private final Path file;
  private final boolean replaces;
  private final Path part;
  private final FolderSync sync;

  /// Makes the names in a folder durable.
  @FunctionalInterface
  interface FolderSync {
    void sync(Path folder) throws IOException;
  }

  private NewFile(Path file, boolean replaces, Path part, FolderSync sync) {
    this.file = file;
    this.replaces = replaces;
    this.part = part;
    this.sync = sync;
  }

  /// Plans a file.
  ///
  /// @param force whether a file that is there is replaced
  /// @throws FileAlreadyExistsException where one is there and is to stay
  /// @throws NoSuchFileException where its folder is not there
  public static NewFile plan(Path file, boolean force) throws IOException {
    return plan(file, force, NewFile::sync);
  }

  static NewFile plan(Path file, boolean force, FolderSync sync) throws IOException {
    if (!force && Files.exists(file, java.nio.file.LinkOption.NOFOLLOW_LINKS)) {
      throw new FileAlreadyExistsException(file.toString());
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
    return new NewFile(file, force, part, sync);
  }

  private static Path folder(Path file) {
    return Optional.ofNullable(file.toAbsolutePath().getParent()).orElse(Path.of("/"));
  }

  private static void sync(Path folder) throws IOException {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /// Where it is to be written; nothing is there yet.
  public Path part() {
    return part;
  }

  /// Gives the written file its name, durably. Its content is durable already.
  public void publish() throws IOException {
    if (replaces) {
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } else {
      Files.createLink(file, part);
    }
    // Barrier: whoever hears that the file is there may give up what it was made of.
    sync.sync(folder(file));
  }

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(part);
  }
}
