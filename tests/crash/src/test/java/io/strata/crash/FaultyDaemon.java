// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.block.sim.Fault;
import io.strata.block.sim.FaultPlan;
import io.strata.block.sim.FaultRule;
import io.strata.manager.Attachment;
import io.strata.manager.ManagerConfig;
import io.strata.manager.SrCreate;
import io.strata.manager.StorageManager;
import io.strata.manager.VdiAttach;
import io.strata.nbd.NbdClient;
import io.strata.nbd.NbdEndpoint;
import io.strata.spi.AccessMode;
import io.strata.spi.DeviceConfig;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/// A daemon's manager, on storage in memory that fails by plan.
final class FaultyDaemon implements AutoCloseable {
  private static final long LOOK_NANOS = 500_000;
  private static final Duration LONGEST_COPY = Duration.ofSeconds(30);

  private final Path home;
  private final FaultyStorages storages = new FaultyStorages();
  private final FaultPlan plan = FaultPlan.stalling(Duration.ofMillis(30));
  private StorageManager manager;
  private volatile Optional<String> deadly = Optional.empty();
  private volatile boolean dead;

  /// @param home an empty folder
  FaultyDaemon(Path home) throws StorageException {
    this.home = home;
    manager = StorageManager.open(config());
  }

  private ManagerConfig config() {
    return new ManagerConfig(
        home,
        List.of(new FaultyDriver(storages, plan)),
        Clock.systemUTC(),
        "faulty",
        Duration.ofSeconds(20),
        Duration.ofSeconds(20),
        this::passed,
        false,
        Duration.ofSeconds(5),
        (interval, name, work) -> () -> {});
  }

  StorageManager manager() {
    return manager;
  }

  FaultPlan plan() {
    return plan;
  }

  FaultyStorages storages() {
    return storages;
  }

  /// Makes an SR on storage of its own.
  SrUuid createSr(String name) throws StorageException {
    DeviceConfig config = new DeviceConfig(Map.of(FaultyDriver.STORAGE_KEY, name));
    return manager.srCreate(SrCreate.of(SimulatedDriver.TYPE, name, config));
  }

  /// Whoever passes this failpoint next ends the daemon's life: nothing of it reaches the storage
  /// from then on.
  void dieAt(String point) {
    deadly = Optional.of(point);
  }

  /// Whether the failpoint was passed.
  boolean dead() {
    return dead;
  }

  private void passed(String point) {
    if (deadly.equals(Optional.of(point))) {
      deadly = Optional.empty();
      dead = true;
      plan.follow(List.of(FaultRule.from(Fault.EIO, 1)));
      throw new Death(point);
    }
  }

  /// Ends the manager and starts it anew, on storage that is sound again.
  void restart() throws StorageException {
    restart(List.of());
  }

  /// Ends the manager and starts it anew.
  ///
  /// @param rules how the storage fails from then on
  void restart(List<FaultRule> rules) throws StorageException {
    if (!dead) {
      plan.follow(List.of());
    }
    manager.close();
    dead = false;
    plan.follow(rules);
    manager = StorageManager.open(config());
  }

  void awaitSettled() throws StorageException {
    awaitSettled(manager);
  }

  /// Copies go on in the background.
  static void awaitSettled(StorageManager manager) throws StorageException {
    long deadline = System.nanoTime() + LONGEST_COPY.toNanos();
    while (!manager.intents().isEmpty() && System.nanoTime() < deadline) {
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }

  NbdClient attach(VdiUuid vdi, AccessMode mode) throws IOException, StorageException {
    return connect(manager.vdiAttach(VdiAttach.of(vdi, mode)));
  }

  /// Another connection to a disk that is attached.
  static NbdClient connect(Attachment attachment) throws IOException {
    String socket = URI.create(attachment.uri()).getQuery().substring("socket=".length());
    return NbdClient.connect(new NbdEndpoint.UnixSocket(Path.of(socket)), attachment.exportName());
  }

  void detach(VdiUuid vdi) throws StorageException {
    manager.vdiDetach(vdi, VdiAttach.HOST_DOMAIN);
  }

  @Override
  public void close() {
    plan.follow(List.of());
    manager.close();
  }
}
