// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.block.Container;
import io.strata.block.sim.BarrierSite;
import io.strata.block.sim.LogEntry;
import io.strata.spi.SpaceStat;
import io.strata.store.ContainerStore;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Optional;

/// A store in a folder of simulated storage, whose names may get lost like bytes.
final class SimulatedStore implements ContainerStore {
  /// What is in no folder.
  static final String ROOT = "";

  private static final char SLASH = '/';
  private static final long TOTAL_BYTES = 1L << 40;

  private final SimulatedStorage storage;
  private final String folder;
  private final Runnable observer;

  SimulatedStore(SimulatedStorage storage) {
    this(storage, ROOT, () -> {});
  }

  /// @param folder what its names in the storage begin with, up to a slash; or [#ROOT]
  /// @param observer runs before each call, and after a change of the description
  SimulatedStore(SimulatedStorage storage, String folder, Runnable observer) {
    this.storage = storage;
    this.folder = folder;
    this.observer = observer;
  }

  @Override
  public List<String> names() {
    observer.run();
    return storage.names().keySet().stream()
        .filter(name -> name.lastIndexOf(SLASH) + 1 == folder.length() && name.startsWith(folder))
        .map(name -> name.substring(folder.length()))
        .toList();
  }

  @Override
  public Container create(String name) throws IOException {
    observer.run();
    checkFree(name);
    int number = storage.create(folder + name);
    change(new LogEntry.NameChange(folder + name, Optional.of(number), Optional.empty()));
    return storage.open(number, true);
  }

  @Override
  public Container open(String name, boolean writable) throws IOException {
    observer.run();
    return storage.open(number(name), writable);
  }

  @Override
  public Object identity(String name) throws IOException {
    observer.run();
    return number(name);
  }

  @Override
  public boolean exists(String name) {
    observer.run();
    return storage.names().containsKey(folder + name);
  }

  @Override
  public void delete(String name) {
    observer.run();
    if (exists(name)) {
      change(new LogEntry.NameChange(folder + name, Optional.empty(), Optional.empty()));
    }
  }

  @Override
  public void replace(String from, String to) throws IOException {
    observer.run();
    change(
        new LogEntry.NameChange(
            folder + to, Optional.of(number(from)), Optional.of(folder + from)));
  }

  @Override
  public void link(String existing, String added) throws IOException {
    observer.run();
    checkFree(added);
    change(
        new LogEntry.NameChange(folder + added, Optional.of(number(existing)), Optional.empty()));
  }

  @Override
  public void sync() {
    observer.run();
    BarrierSite site = BarrierSite.outside(SimulatedStore.class);
    storage.log().ifPresent(l -> l.namesFlushed(site));
  }

  /// A store is attached on what a cut left, all of which is durable.
  @Override
  public void syncAll() {}

  @Override
  public SpaceStat space() {
    return new SpaceStat(TOTAL_BYTES, TOTAL_BYTES);
  }

  @Override
  public Optional<byte[]> readMetadata() {
    return storage.description(folder);
  }

  @Override
  public void writeMetadata(byte[] content) {
    observer.run();
    storage.describe(folder, Optional.of(content));
    observer.run();
  }

  @Override
  public String location() {
    return "the simulated store";
  }

  @Override
  public void close() {}

  private int number(String name) throws NoSuchFileException {
    Integer number = storage.names().get(folder + name);
    if (number == null) {
      throw new NoSuchFileException(name);
    }
    return number;
  }

  private void checkFree(String name) throws FileAlreadyExistsException {
    if (exists(name)) {
      throw new FileAlreadyExistsException(name);
    }
  }

  private void change(LogEntry.NameChange change) {
    storage.log().ifPresent(l -> l.nameChanged(change));
    Names.apply(storage.names(), change);
  }
}
