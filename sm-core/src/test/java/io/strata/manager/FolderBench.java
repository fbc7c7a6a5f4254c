// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.nbd.NbdClient;
import io.strata.nbd.NbdEndpoint;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;

/// Managers over VHD files.
final class FolderBench {
  private FolderBench() {}

  /// One whose collections only run when a test asks for them.
  ///
  /// @param folder where its home is to be
  static StorageManager open(Path folder, FolderDriver driver, Failpoints failpoints)
      throws StorageException {
    return open(folder, driver, failpoints, false);
  }

  /// One whose collections run by themselves.
  static StorageManager collecting(Path folder, FolderDriver driver) throws StorageException {
    return open(folder, driver, Failpoints.NONE, true);
  }

  private static StorageManager open(
      Path folder, FolderDriver driver, Failpoints failpoints, boolean collectsInBackground)
      throws StorageException {
    return StorageManager.open(
        new ManagerConfig(
            home(folder),
            List.of(driver),
            Clock.systemUTC(),
            "testhost",
            Duration.ofSeconds(10),
            Duration.ofSeconds(10),
            failpoints,
            collectsInBackground,
            Duration.ofSeconds(5),
            new ManualSchedule()));
  }

  /// A client of a disk that is attached.
  static NbdClient client(Path folder, VdiUuid disk) throws IOException {
    Path socket = home(folder).resolve("run").resolve("nbd.sock");
    return NbdClient.connect(new NbdEndpoint.UnixSocket(socket), disk.toString());
  }

  private static Path home(Path folder) {
    return folder.resolve("home");
  }
}
