// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.daemon;

import io.strata.manager.ManagerConfig;
import io.strata.manager.StorageManager;
import io.strata.spi.ErrorCode;
import io.strata.spi.StorageDriver;
import io.strata.spi.StorageException;
import io.strata.toolstack.Json;
import io.strata.toolstack.StrataHome;
import io.strata.toolstack.Version;
import io.strata.toolstack.rpc.ApiMethods;
import io.strata.toolstack.rpc.ApiServer;
import io.strata.toolstack.rpc.ManagerMethods;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.CountDownLatch;

/// A manager with its API, for one home. Attachments stay recorded when it ends: the next start
/// brings them back.
public final class Daemon implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Daemon.class.getName());

  private final StrataHome home;
  private final HomeLock lock;
  private final StorageManager manager;
  private final ApiServer server;
  private final CountDownLatch stopAsked;
  private boolean closed;

  private Daemon(
      StrataHome home,
      HomeLock lock,
      StorageManager manager,
      ApiServer server,
      CountDownLatch stopAsked) {
    this.home = home;
    this.lock = lock;
    this.manager = manager;
    this.server = server;
    this.stopAsked = stopAsked;
  }

  /// The drivers that are on the class path or the module path.
  public static List<StorageDriver> drivers() {
    return ServiceLoader.load(StorageDriver.class).stream()
        .map(ServiceLoader.Provider::get)
        .toList();
  }

  /// Takes the home, recovers what a crash left, serves the attachments and the API.
  ///
  /// @throws IOException where the home's files can't be written
  /// @throws StorageException also where another daemon has the home, or there is no space in it
  public static Daemon start(StrataHome home, List<StorageDriver> drivers)
      throws IOException, StorageException {
    HomeLock lock = lock(home).orElseThrow(() -> alreadyRuns(home));
    try {
      return start(home, lock, drivers);
    } catch (IOException | StorageException e) {
      lock.close();
      HomeSpace.blame(home, e);
      throw e;
    } catch (RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  private static StorageException alreadyRuns(StrataHome home) {
    return new StorageException(
        ErrorCode.LOCK_ERR,
        "A daemon already runs for " + home.root() + ".",
        "Use it: every command for this home speaks to it. Or end it with strata stop, or give"
            + " another home with --home or STRATA_HOME.");
  }

  private static Optional<HomeLock> lock(StrataHome home) throws IOException, StorageException {
    try {
      home.prepare();
      return HomeLock.takePatiently(home);
    } catch (IOException e) {
      HomeSpace.blame(home, e);
      throw e;
    }
  }

  private static Daemon start(StrataHome home, HomeLock lock, List<StorageDriver> drivers)
      throws IOException, StorageException {
    Files.writeString(home.pid(), ProcessHandle.current().pid() + "\n");
    StorageManager manager = StorageManager.open(ManagerConfig.of(home.root(), drivers));
    try {
      CountDownLatch stopAsked = new CountDownLatch(1);
      ApiMethods methods = new ApiMethods();
      ManagerMethods.addTo(methods, manager);
      Instant started = Instant.now();
      methods
          .add("api.version", (arguments, call) -> version())
          .add("daemon.status", (arguments, call) -> status(home, manager, started))
          .add(
              "daemon.stop",
              (arguments, call) -> {
                stopAsked.countDown();
                return Json.Members.NONE;
              });
      ApiServer server = ApiServer.listen(home.apiSocket(), methods);
      LOG.log(Level.INFO, "Strata {0} serves {1}", Version.TEXT, home.root());
      return new Daemon(home, lock, manager, server, stopAsked);
    } catch (IOException | RuntimeException e) {
      manager.close();
      throw e;
    }
  }

  private static Json version() {
    return Json.object()
        .with("strata", ApiServer.API_VERSION)
        .with("version", Version.TEXT)
        .build();
  }

  private static Json status(StrataHome home, StorageManager manager, Instant started)
      throws StorageException {
    return Json.object()
        .with("version", Version.TEXT)
        .with("pid", ProcessHandle.current().pid())
        .with("home", home.root().toString())
        .with("uptime-seconds", Duration.between(started, Instant.now()).toSeconds())
        .with("srs", manager.srs().size())
        .with("vdis", manager.vdis().stream().filter(vdi -> vdi.managed()).count())
        .with("attachments", manager.attachments().size())
        .with("intents", manager.intents().size())
        .build();
  }

  /// Waits until somebody asks it to stop.
  public void awaitStop() throws InterruptedException {
    stopAsked.await();
  }

  /// Ends [#awaitStop].
  public void askToStop() {
    stopAsked.countDown();
  }

  /// Ends the API, flushes and closes the exports, and lets go of the home. Idempotent.
  @Override
  public synchronized void close() throws IOException, StorageException {
    if (closed) {
      return;
    }
    closed = true;
    try (lock) {
      try (manager) {
        server.close();
      }
      Files.deleteIfExists(home.pid());
      LOG.log(Level.INFO, "Strata has stopped; {0} is at rest", home.root());
    }
  }
}
