// SPDX-License-Identifier: Apache-2.0
package io.strata.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.strata.manager.ManagerConfig;
import io.strata.manager.SrCreate;
import io.strata.manager.StorageManager;
import io.strata.manager.VdiAttach;
import io.strata.manager.VdiClone;
import io.strata.manager.VdiCreate;
import io.strata.manager.VdiSnapshot;
import io.strata.spi.AccessMode;
import io.strata.spi.DeviceConfig;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageDriver;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A Linux guest on a VDI of a `file` SR, all through the manager.
final class ManagedGuestTest {

  private static final long SIZE_BYTES = 256L << 20;

  @TempDir private Path directory;
  private Guest guest;

  @BeforeEach
  void prepareGuest() throws IOException {
    assumeFalse("quick".equals(System.getProperty("strata.verify")), "quick: no guest is booted");
    guest = Guest.prepare(directory);
  }

  private StorageManager open() throws StorageException {
    List<StorageDriver> drivers =
        ServiceLoader.load(StorageDriver.class).stream().map(ServiceLoader.Provider::get).toList();
    return StorageManager.open(ManagerConfig.of(directory.resolve("home"), drivers));
  }

  private SrUuid createSr(StorageManager manager) throws StorageException {
    String location = directory.resolve("disks").toString();
    return manager.srCreate(
        SrCreate.of("file", "guest", new DeviceConfig(Map.of("location", location))));
  }

  private void boot(StorageManager manager, VdiUuid vdi, String phase)
      throws IOException, StorageException {
    guest.run(manager.vdiAttach(VdiAttach.of(vdi, AccessMode.RW)).uri(), phase);
    manager.vdiDetach(vdi, VdiAttach.HOST_DOMAIN);
  }

  @Test
  void snapshotsThatComeAndGoUnderARunningGuestLoseNothing() throws Exception {
    VdiUuid disk;
    VdiUuid clone;
    try (StorageManager manager = open()) {
      SrUuid sr = createSr(manager);
      disk = manager.vdiCreate(VdiCreate.of(sr, "root", SIZE_BYTES));
      String uri = manager.vdiAttach(VdiAttach.of(disk, AccessMode.RW)).uri();
      try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
        Future<String> running = executor.submit(() -> guest.run(uri, "write"));
        int snapshots = 0;
        while (!running.isDone()) {
          VdiUuid snapshot = manager.vdiSnapshot(VdiSnapshot.of(disk));
          snapshots++;
          Thread.sleep(500);
          if (snapshots % 3 != 0) {
            // The base that it leaves behind is merged away while the guest goes on.
            manager.vdiDestroy(snapshot);
          }
        }
        running.get();
        assertThat(snapshots).isGreaterThan(2);
      }
      manager.vdiDetach(disk, VdiAttach.HOST_DOMAIN);
      VdiUuid last = manager.vdiSnapshot(VdiSnapshot.of(disk));
      clone = manager.vdiClone(VdiClone.of(last));
      boot(manager, clone, "verify-and-write");
    }
    try (StorageManager reopened = open()) {
      boot(reopened, disk, "verify");
    }
  }
}
