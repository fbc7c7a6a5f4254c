// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.manager.Failpoints;
import io.strata.manager.ManagerConfig;
import io.strata.manager.StorageManager;
import io.strata.spi.StorageException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// A daemon's manager over simulated storage, with a home folder of its own.
///
/// Whenever the catalog may have been committed since, or the SR's description changed, a listener
/// is told what a restart would find.
final class Daemon implements AutoCloseable {
  /// Memory where there is some: nothing here tests the disk.
  static final Path PLACE =
      Files.isWritable(Path.of("/dev/shm"))
          ? Path.of("/dev/shm")
          : Path.of(System.getProperty("java.io.tmpdir"));

  private final Path home;
  private final SimulatedStorage storage;
  private final Consumer<DaemonHome> commits;
  private final StorageManager manager;
  private long seenBytes = -1;
  private long seenModified = -1;

  private Daemon(DaemonHome start, SimulatedStorage storage, Consumer<DaemonHome> commits)
      throws IOException, StorageException {
    this.storage = storage;
    this.commits = commits;
    home = Files.createTempDirectory(PLACE, "strata-crash-");
    try {
      start.writeTo(home);
      manager = StorageManager.open(config());
    } catch (IOException | StorageException | RuntimeException failed) {
      remove(home);
      throw failed;
    }
  }

  /// Starts a daemon.
  ///
  /// @param start what its home folder holds
  /// @param commits hears of each change of that
  static Daemon start(DaemonHome start, SimulatedStorage storage, Consumer<DaemonHome> commits)
      throws IOException, StorageException {
    return new Daemon(start, storage, commits);
  }

  private ManagerConfig config() {
    Failpoints noting = name -> note();
    return new ManagerConfig(
        home,
        List.of(new SimulatedDriver(storage, this::note)),
        Clock.systemUTC(),
        "crash",
        Duration.ofSeconds(20),
        Duration.ofSeconds(20),
        noting,
        false,
        Duration.ofSeconds(5),
        (interval, name, work) -> () -> {});
  }

  StorageManager manager() {
    return manager;
  }

  /// Tells the listener where the catalog changed since.
  synchronized void note() {
    try {
      if (changed()) {
        commits.accept(DaemonHome.read(home));
      }
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  private boolean changed() throws IOException {
    Path log = home.resolve("catalog.db-wal");
    if (!Files.exists(log)) {
      return false;
    }
    long bytes = Files.size(log);
    long modified = Files.getLastModifiedTime(log).to(TimeUnit.NANOSECONDS);
    boolean changed = bytes != seenBytes || modified != seenModified;
    seenBytes = bytes;
    seenModified = modified;
    return changed;
  }

  @Override
  public void close() throws IOException {
    try {
      manager.close();
    } finally {
      remove(home);
    }
  }

  /// Removes a home folder.
  static void remove(Path home) throws IOException {
    try (Stream<Path> paths = Files.walk(home)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }
}
