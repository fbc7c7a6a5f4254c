// SPDX-License-Identifier: Apache-2.0
package io.strata.bench;

import io.strata.driver.local.FileDriver;
import io.strata.manager.Attachment;
import io.strata.manager.ManagerConfig;
import io.strata.manager.SrCreate;
import io.strata.manager.StorageManager;
import io.strata.manager.VdiAttach;
import io.strata.manager.VdiCreate;
import io.strata.nbd.NbdClient;
import io.strata.nbd.NbdEndpoint;
import io.strata.spi.AccessMode;
import io.strata.spi.DeviceConfig;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// A manager of its own with one repository in a folder. Collects only when asked.
record Testbed(StorageManager manager, SrUuid sr, Path home) implements AutoCloseable {

  static Testbed open(Scratch scratch) throws IOException, StorageException {
    Path home = scratch.folder("home");
    ManagerConfig usual = ManagerConfig.of(home, List.of(new FileDriver()));
    StorageManager manager =
        StorageManager.open(
            new ManagerConfig(
                usual.home(),
                usual.drivers(),
                usual.clock(),
                usual.hostName(),
                usual.lockTimeout(),
                usual.drainTimeout(),
                usual.failpoints(),
                false));
    DeviceConfig folder =
        new DeviceConfig(Map.of("location", scratch.folder("sr").toAbsolutePath().toString()));
    return new Testbed(manager, manager.srCreate(SrCreate.of("file", "bench", folder)), home);
  }

  VdiUuid disk(String name, long sizeBytes) throws StorageException {
    return manager.vdiCreate(VdiCreate.of(sr, name, sizeBytes));
  }

  Attachment attach(VdiUuid vdi) throws StorageException {
    Attachment attachment = manager.vdiAttach(VdiAttach.of(vdi, AccessMode.RW));
    manager.vdiActivate(vdi, VdiAttach.HOST_DOMAIN);
    return attachment;
  }

  void detach(VdiUuid vdi) throws StorageException {
    manager.vdiDetach(vdi, VdiAttach.HOST_DOMAIN);
  }

  NbdClient connect(Attachment attachment) throws IOException {
    return NbdClient.connect(
        new NbdEndpoint.UnixSocket(home.resolve("run/nbd.sock")), attachment.exportName());
  }

  /// Connects a guest to an attached disk.
  GuestConnection guest(Attachment attachment) throws IOException {
    return GuestConnection.open(
        new NbdEndpoint.UnixSocket(home.resolve("run/nbd.sock")), attachment.exportName());
  }

  @Override
  public void close() {
    manager.close();
  }
}
