// SPDX-License-Identifier: Apache-2.0
package io.strata.simulator;

import io.strata.block.Container;
import io.strata.spi.SpaceStat;
import io.strata.store.ContainerStore;
import io.strata.store.NoSpaceException;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Containers that are whole steps long, out of a pool that can run out. Two names of one container
/// count once.
///
/// **Threads.** The pool is guarded by the store's monitor, a leaf in the lock order.
final class SteppedStore implements ContainerStore {
  private final ContainerStore below;
  private final long stepBytes;
  private final long poolBytes;

  /// Which container a name belongs to, and back: guarded by this.
  private final Map<String, Steps> containers = new HashMap<>();

  private long usedBytes;

  /// What one container holds of the pool, however many names it has.
  static final class Steps {
    private long bytes;
    private int names;
  }

  SteppedStore(ContainerStore below, long stepBytes, long poolBytes) {
    this.below = below;
    this.stepBytes = stepBytes;
    this.poolBytes = poolBytes;
  }

  @Override
  public List<String> names() throws IOException {
    return below.names();
  }

  @Override
  public synchronized Container create(String name) throws IOException {
    Container container = below.create(name);
    Steps steps = new Steps();
    steps.names = 1;
    containers.put(name, steps);
    return new SteppedContainer(container, this, steps, stepBytes);
  }

  @Override
  public synchronized Container open(String name, boolean writable) throws IOException {
    Container container = below.open(name, writable);
    return new SteppedContainer(container, this, steps(name, container.sizeBytes()), stepBytes);
  }

  private Steps steps(String name, long sizeBytes) {
    Steps known = containers.get(name);
    if (known != null) {
      return known;
    }
    Steps found = new Steps();
    found.names = 1;
    found.bytes = sizeBytes;
    usedBytes += sizeBytes;
    containers.put(name, found);
    return found;
  }

  private Steps known(String name) throws IOException {
    Steps known = containers.get(name);
    if (known != null) {
      return known;
    }
    try (Container container = below.open(name, false)) {
      return steps(name, container.sizeBytes());
    }
  }

  /// Takes what a container needs to grow from the pool.
  synchronized void grow(Container container, Steps steps, long wantedBytes) throws IOException {
    long grown = Math.ceilDiv(wantedBytes, stepBytes) * stepBytes;
    long added = grown - container.sizeBytes();
    if (added <= 0) {
      return;
    }
    if (added > poolBytes - usedBytes) {
      throw new NoSpaceException(location(), added, poolBytes - usedBytes);
    }
    container.ensureCapacity(grown);
    steps.bytes += added;
    usedBytes += added;
  }

  @Override
  public Object identity(String name) throws IOException {
    return below.identity(name);
  }

  @Override
  public boolean exists(String name) throws IOException {
    return below.exists(name);
  }

  @Override
  public synchronized void delete(String name) throws IOException {
    if (!below.exists(name)) {
      return;
    }
    Steps steps = known(name);
    below.delete(name);
    dropName(name, steps);
  }

  private void dropName(String name, Steps steps) {
    containers.remove(name);
    steps.names--;
    if (steps.names == 0) {
      usedBytes -= steps.bytes;
    }
  }

  @Override
  public synchronized void replace(String from, String to) throws IOException {
    Steps moved = known(from);
    Steps replaced = below.exists(to) ? known(to) : null;
    below.replace(from, to);
    if (replaced != null) {
      dropName(to, replaced);
    }
    containers.remove(from);
    containers.put(to, moved);
  }

  @Override
  public synchronized void link(String existing, String added) throws IOException {
    Steps steps = known(existing);
    below.link(existing, added);
    steps.names++;
    containers.put(added, steps);
  }

  @Override
  public void sync() throws IOException {
    below.sync();
  }

  @Override
  public void syncAll() throws IOException {
    below.syncAll();
  }

  @Override
  public synchronized SpaceStat space() throws IOException {
    for (String name : below.names()) {
      if (!name.startsWith(".strata-")) {
        known(name);
      }
    }
    return new SpaceStat(poolBytes, Math.max(0, poolBytes - usedBytes));
  }

  @Override
  public Optional<byte[]> readMetadata() throws IOException {
    return below.readMetadata();
  }

  @Override
  public void writeMetadata(byte[] content) throws IOException {
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
