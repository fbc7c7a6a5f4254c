// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import io.strata.block.Container;
import io.strata.spi.SpaceStat;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Containers as files of one folder.
public final class DirectoryStore implements ContainerStore {
  private final Path directory;

  /// @param directory an existing folder
  public DirectoryStore(Path directory) {
    this.directory = directory;
  }

  @Override
  public List<String> names() throws IOException {
    throw new UnsupportedOperationException();
  }

  @Override
  public Container create(String name) throws IOException {
    throw new UnsupportedOperationException();
  }

  @Override
  public Container open(String name, boolean writable) throws IOException {
    throw new UnsupportedOperationException();
  }

  @Override
  public boolean exists(String name) throws IOException {
    throw new UnsupportedOperationException();
  }

  @Override
  public void delete(String name) throws IOException {
    throw new UnsupportedOperationException();
  }

  @Override
  public void replace(String from, String to) throws IOException {
    throw new UnsupportedOperationException();
  }

  @Override
  public void link(String existing, String added) throws IOException {
    throw new UnsupportedOperationException();
  }

  @Override
  public void sync() throws IOException {
    throw new UnsupportedOperationException();
  }

  @Override
  public SpaceStat space() throws IOException {
    throw new UnsupportedOperationException();
  }

  @Override
  public Optional<byte[]> readMetadata() throws IOException {
    throw new UnsupportedOperationException();
  }

  @Override
  public void writeMetadata(byte[] content) throws IOException {
    throw new UnsupportedOperationException();
  }

  @Override
  public String location() {
    return directory.toString();
  }

  @Override
  public void close() {}
}
