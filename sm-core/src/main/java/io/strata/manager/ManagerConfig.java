// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.spi.StorageDriver;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;

/// What a manager is opened with.
///
/// @param home the folder that is this daemon's alone: `catalog.db`, `host-uuid`, `run/nbd.sock`
/// @param drivers one for each SR type
/// @param hostName name-label of this host where it has none yet
/// @param lockTimeout how long an operation waits for an SR or a VDI
/// @param drainTimeout how long a pause waits for requests in flight
/// @param failpoints where tests break in; [Failpoints#NONE] otherwise
/// @param collectsInBackground whether chains are made shorter without being asked: after a disk or
///   its data are destroyed, it is put back to a snapshot, or an SR is plugged
/// @param flushInterval how long a write may stay volatile that its guest never flushes
/// @param schedule when such writes are flushed
public record ManagerConfig(
    Path home,
    List<StorageDriver> drivers,
    Clock clock,
    String hostName,
    Duration lockTimeout,
    Duration drainTimeout,
    Failpoints failpoints,
    boolean collectsInBackground,
    Duration flushInterval,
    Schedule schedule) {

  public ManagerConfig {
    drivers = List.copyOf(drivers);
  }

  /// With flushes in the background every 5 s.
  public ManagerConfig(
      Path home,
      List<StorageDriver> drivers,
      Clock clock,
      String hostName,
      Duration lockTimeout,
      Duration drainTimeout,
      Failpoints failpoints,
      boolean collectsInBackground) {
    this(
        home,
        drivers,
        clock,
        hostName,
        lockTimeout,
        drainTimeout,
        failpoints,
        collectsInBackground,
        Duration.ofSeconds(5),
        Schedule.SYSTEM);
  }

  /// With the system's clock and the usual timeouts.
  public static ManagerConfig of(Path home, List<StorageDriver> drivers) {
    return new ManagerConfig(
        home,
        drivers,
        Clock.systemUTC(),
        "localhost",
        Duration.ofSeconds(60),
        Duration.ofSeconds(30),
        Failpoints.NONE,
        true);
  }
}
