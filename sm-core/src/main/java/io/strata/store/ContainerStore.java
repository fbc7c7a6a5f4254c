// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import io.strata.block.Container;
import io.strata.spi.SpaceStat;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/// Named growable containers on one piece of storage: a directory of files, or volumes on a LUN.
///
/// A name is a file name without a slash. Names that came, went or moved are durable after [#sync];
/// a crash before it may keep or lose each of them, but never tears one.
///
/// **Threads.** Safe for many at once. **Errors.** [java.nio.file.NoSuchFileException] for a name
/// that is not there, [java.nio.file.FileAlreadyExistsException] for one that is,
/// [NoSpaceException] or an error of the operating system where the space is used up.
public interface ContainerStore extends AutoCloseable {

  /// Names of the containers, in order. What else lies on the storage is left out.
  List<String> names() throws IOException;

  /// Makes an empty container, open for writing. The caller closes it.
  Container create(String name) throws IOException;

  /// Opens a container. The caller closes it.
  Container open(String name, boolean writable) throws IOException;

  /// Equal for all names of one container, and for no others that are there. A copy is another.
  Object identity(String name) throws IOException;

  /// Whether there is a container of this name.
  boolean exists(String name) throws IOException;

  /// Takes the name away, and with the last name the container. Absent: does nothing.
  void delete(String name) throws IOException;

  /// Moves a container to another name in one step; what had that name loses it.
  void replace(String from, String to) throws IOException;

  /// Gives a container a second name.
  void link(String existing, String added) throws IOException;

  /// Makes the names durable.
  void sync() throws IOException;

  /// Makes durable all that is in the store, whoever wrote it: what a process had written that was
  /// killed can be read, and is in memory only.
  void syncAll() throws IOException;

  /// Size and room.
  SpaceStat space() throws IOException;

  /// The SR's own description, if one was written.
  Optional<byte[]> readMetadata() throws IOException;

  /// Replaces the SR's own description atomically and durably.
  void writeMetadata(byte[] content) throws IOException;

  /// Where it is, for messages.
  String location();

  /// Containers that are open stay so.
  @Override
  void close() throws IOException;
}
