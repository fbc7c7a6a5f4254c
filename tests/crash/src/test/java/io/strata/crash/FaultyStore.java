// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.block.Container;
import io.strata.block.sim.FaultContainer;
import io.strata.block.sim.FaultPlan;
import io.strata.block.sim.IoKind;
import io.strata.spi.SpaceStat;
import io.strata.store.ContainerStore;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/// A store in memory whose I/O fails by plan: that of its containers, and what is done to names.
///
/// A flush that fails loses what was written through the same handle since the last good one.
final class FaultyStore implements ContainerStore {
  private final SimulatedStorage storage;
  private final ContainerStore target;
  private final FaultPlan plan;

  FaultyStore(SimulatedStorage storage, FaultPlan plan) {
    this.storage = storage;
    this.target = new SimulatedStore(storage);
    this.plan = plan;
  }

  private Container faulty(Container container) {
    return new FaultContainer(container, plan);
  }

  private void strike(String what) throws IOException {
    plan.strike(IoKind.NAME, what);
  }

  @Override
  public List<String> names() throws IOException {
    strike("names");
    synchronized (this) {
      return target.names();
    }
  }

  @Override
  public Container create(String name) throws IOException {
    strike(name);
    synchronized (this) {
      return faulty(target.create(name));
    }
  }

  @Override
  public Container open(String name, boolean writable) throws IOException {
    strike(name);
    synchronized (this) {
      return faulty(target.open(name, writable));
    }
  }

  @Override
  public synchronized Object identity(String name) throws IOException {
    return target.identity(name);
  }

  @Override
  public synchronized boolean exists(String name) throws IOException {
    return target.exists(name);
  }

  @Override
  public void delete(String name) throws IOException {
    strike(name);
    synchronized (this) {
      target.delete(name);
    }
  }

  @Override
  public void replace(String from, String to) throws IOException {
    strike(from);
    synchronized (this) {
      target.replace(from, to);
    }
  }

  @Override
  public void link(String existing, String added) throws IOException {
    strike(existing);
    synchronized (this) {
      target.link(existing, added);
    }
  }

  @Override
  public void sync() throws IOException {
    strike("names");
    synchronized (this) {
      target.sync();
    }
  }

  @Override
  public void syncAll() throws IOException {
    strike("all");
    target.syncAll();
  }

  @Override
  public SpaceStat space() throws IOException {
    return target.space();
  }

  @Override
  public Optional<byte[]> readMetadata() throws IOException {
    strike("description");
    return target.readMetadata();
  }

  @Override
  public void writeMetadata(byte[] content) throws IOException {
    strike("description");
    target.writeMetadata(content);
  }

  /// Removes the description of an SR that goes.
  void forgetMetadata() throws IOException {
    strike("description");
    storage.describe(SimulatedStore.ROOT, Optional.empty());
  }

  @Override
  public String location() {
    return "the failing store";
  }

  @Override
  public void close() throws IOException {
    target.close();
  }
}
