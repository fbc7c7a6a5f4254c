// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import io.strata.block.Container;
import io.strata.spi.SpaceStat;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/// A store that loses its power: after a number of changes every further call fails.
final class StoppingStore implements ContainerStore {
  private final ContainerStore below;
  private long changesLeft;
  private boolean stopped;

  /// The power is gone. Not an [IOException]: nothing may handle it.
  static final class PowerLost extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  StoppingStore(ContainerStore below, long changesLeft) {
    this.below = below;
    this.changesLeft = changesLeft;
  }

  /// Whether it came to that.
  boolean stopped() {
    return stopped;
  }

  private void change() {
    check();
    if (changesLeft-- == 0) {
      stopped = true;
    }
    check();
  }

  private void check() {
    if (stopped) {
      throw new PowerLost();
    }
  }

  @Override
  public List<String> names() throws IOException {
    check();
    return below.names();
  }

  @Override
  public Container create(String name) throws IOException {
    change();
    return below.create(name);
  }

  @Override
  public Container open(String name, boolean writable) throws IOException {
    if (writable) {
      change();
    }
    check();
    return below.open(name, writable);
  }

  @Override
  public Object identity(String name) throws IOException {
    check();
    return below.identity(name);
  }

  @Override
  public boolean exists(String name) throws IOException {
    check();
    return below.exists(name);
  }

  @Override
  public void delete(String name) throws IOException {
    change();
    below.delete(name);
  }

  @Override
  public void replace(String from, String to) throws IOException {
    change();
    below.replace(from, to);
  }

  @Override
  public void link(String existing, String added) throws IOException {
    change();
    below.link(existing, added);
  }

  @Override
  public void sync() throws IOException {
    change();
    below.sync();
  }

  @Override
  public void syncAll() throws IOException {
    below.syncAll();
  }

  @Override
  public SpaceStat space() throws IOException {
    return below.space();
  }

  @Override
  public Optional<byte[]> readMetadata() throws IOException {
    return below.readMetadata();
  }

  @Override
  public void writeMetadata(byte[] content) throws IOException {
    change();
    below.writeMetadata(content);
  }

  @Override
  public String location() {
    return below.location();
  }

  @Override
  public void close() throws IOException {
    below.close();
  }
}
