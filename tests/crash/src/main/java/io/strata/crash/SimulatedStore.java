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

/// A store on simulated storage, whose names may get lost like bytes.
final class SimulatedStore implements ContainerStore {
  private static final long TOTAL_BYTES = 1L << 40;

  private final SimulatedStorage storage;
  private final Runnable observer;

  SimulatedStore(SimulatedStorage storage) {
    this(storage, () -> {});
  }

  /// @param observer runs before each call, and after a change of the description
  SimulatedStore(SimulatedStorage storage, Runnable observer) {
    this.storage = storage;
    this.observer = observer;
  }

  @Override
  public List<String> names() {
    observer.run();
    return List.copyOf(storage.names().keySet());
  }

  @Override
  public Container create(String name) throws IOException {
    observer.run();
    checkFree(name);
    int number = storage.create(name);
    change(new LogEntry.NameChange(name, Optional.of(number), Optional.empty()));
    return storage.open(number, true);
  }

  @Override
  public Container open(String name, boolean writable) throws IOException {
    observer.run();
    return storage.open(number(name), writable);
  }

  @Override
  public boolean exists(String name) {
    observer.run();
    return storage.names().containsKey(name);
  }

  @Override
  public void delete(String name) {
    observer.run();
    if (exists(name)) {
      change(new LogEntry.NameChange(name, Optional.empty(), Optional.empty()));
    }
  }

  @Override
  public void replace(String from, String to) throws IOException {
    observer.run();
    change(new LogEntry.NameChange(to, Optional.of(number(from)), Optional.of(from)));
  }

  @Override
  public void link(String existing, String added) throws IOException {
    observer.run();
    checkFree(added);
    change(new LogEntry.NameChange(added, Optional.of(number(existing)), Optional.empty()));
  }

  @Override
  public void sync() {
    observer.run();
    BarrierSite site = BarrierSite.outside(SimulatedStore.class);
    storage.log().ifPresent(l -> l.namesFlushed(site));
  }

  @Override
  public SpaceStat space() {
    return new SpaceStat(TOTAL_BYTES, TOTAL_BYTES);
  }

  @Override
  public Optional<byte[]> readMetadata() {
    return storage.description();
  }

  @Override
  public void writeMetadata(byte[] content) {
    observer.run();
    storage.describe(Optional.of(content));
    observer.run();
  }

  @Override
  public String location() {
    return "the simulated store";
  }

  @Override
  public void close() {}

  private int number(String name) throws NoSuchFileException {
    Integer number = storage.names().get(name);
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
