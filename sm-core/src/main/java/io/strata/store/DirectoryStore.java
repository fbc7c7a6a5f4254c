// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import io.strata.block.Container;
import io.strata.block.FileContainer;
import io.strata.block.FileSystemSync;
import io.strata.spi.MetadataArea;
import io.strata.spi.SpaceStat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/// Containers as files of one folder.
///
/// Only regular files count; symbolic links are never followed. Names are made durable by syncing
/// the folder. The SR's own description is the file [#METADATA], which comes into being whole.
public final class DirectoryStore implements ContainerStore {
  /// File with the SR's own description.
  public static final String METADATA = ".strata-sr.json";

  /// Name of the file that a process has locked as long as the SR in the folder is attached there.
  /// Nothing else in that process may open it: the kernel drops the lock when any of the process's
  /// descriptors of it is closed.
  public static final String LOCK = ".strata-sr.lock";

  private static final String METADATA_DRAFT = METADATA + ".tmp";

  private final Path directory;
  private final Optional<Object> attached;

  /// @param directory an existing folder; another one that takes its place later is refused
  public DirectoryStore(Path directory) {
    this.directory = directory;
    attached = folderAt(directory);
  }

  private static Optional<Object> folderAt(Path directory) {
    try {
      return Optional.ofNullable(
          Files.readAttributes(directory, BasicFileAttributes.class).fileKey());
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /// The folder, which may have been moved away or unmounted: what is at its place then is not the
  /// SR.
  private Path here() throws IOException {
    if (!folderAt(directory).equals(attached)) {
      throw new FolderGoneException(directory);
    }
    return directory;
  }

  @Override
  public List<String> names() throws IOException {
    List<String> names = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(here())) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        if (!name.startsWith(METADATA) && Files.isRegularFile(entry, LinkOption.NOFOLLOW_LINKS)) {
          names.add(name);
        }
      }
    } catch (DirectoryIteratorException failed) {
      throw failed.getCause();
    }
    return names.stream().sorted().toList();
  }

  @Override
  public Container create(String name) throws IOException {
    return FileContainer.create(path(name));
  }

  @Override
  public Container open(String name, boolean writable) throws IOException {
    return writable
        ? FileContainer.openReadWrite(path(name))
        : FileContainer.openReadOnly(path(name));
  }

  @Override
  public Object identity(String name) throws IOException {
    return Objects.requireNonNull(
        Files.readAttributes(path(name), BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
            .fileKey());
  }

  @Override
  public boolean exists(String name) throws IOException {
    return Files.isRegularFile(path(name), LinkOption.NOFOLLOW_LINKS);
  }

  @Override
  public void delete(String name) throws IOException {
    Files.deleteIfExists(path(name));
  }

  @Override
  public void replace(String from, String to) throws IOException {
    Files.move(
        path(from), path(to), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  @Override
  public void link(String existing, String added) throws IOException {
    if (!exists(existing)) {
      throw new FileSystemException(path(existing).toString(), null, "is not a regular file");
    }
    Files.createLink(path(added), path(existing));
  }

  @Override
  public void sync() throws IOException {
    FileSystemSync.ofFolder(here());
  }

  @Override
  public void syncAll() throws IOException {
    FileSystemSync.ofAllAt(here());
  }

  @Override
  public SpaceStat space() throws IOException {
    FileStore filesystem = Files.getFileStore(here());
    return new SpaceStat(filesystem.getTotalSpace(), filesystem.getUsableSpace());
  }

  @Override
  public Optional<byte[]> readMetadata() throws IOException {
    Path file = here().resolve(METADATA);
    if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      return Optional.empty();
    }
    try (FileChannel channel =
        FileChannel.open(file, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS))) {
      if (channel.size() > MetadataArea.MAX_BYTES) {
        throw new FileSystemException(
            file.toString(),
            null,
            "has " + channel.size() + " bytes, more than " + MetadataArea.MAX_BYTES);
      }
      ByteBuffer content = ByteBuffer.allocate((int) channel.size());
      while (content.hasRemaining() && channel.read(content) >= 0) {}
      return Optional.of(content.array());
    }
  }

  @Override
  public void writeMetadata(byte[] content) throws IOException {
    Path draft = here().resolve(METADATA_DRAFT);
    Files.deleteIfExists(draft);
    try (FileChannel channel =
        FileChannel.open(
            draft,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
      ByteBuffer bytes = ByteBuffer.wrap(content);
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      // Barrier: the content is there before the name is.
      channel.force(true);
    }
    replace(METADATA_DRAFT, METADATA);
    sync();
  }

  @Override
  public String location() {
    return directory.toString();
  }

  @Override
  public void close() {}

  private Path path(String name) throws IOException {
    if (name.isEmpty() || name.contains("/") || name.equals(".") || name.equals("..")) {
      throw new IllegalArgumentException("'" + name + "' is not a file name");
    }
    return here().resolve(name);
  }
}
