// SPDX-License-Identifier: Apache-2.0
package io.strata.driver.local;

import io.strata.spi.ErrorCode;
import io.strata.spi.Messages;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// The folder below which SRs are mounted, each in a folder named by its UUID.
record MountRoot(Path folder) {
  private static final Path WITHOUT_HOME = Path.of("/run/strata/sr-mount");

  /// `$STRATA_HOME/mnt`, or `/run/strata/sr-mount` where that variable is not set.
  static MountRoot ofThisDaemon() {
    String home = System.getenv("STRATA_HOME");
    return new MountRoot(
        home == null || home.isEmpty()
            ? WITHOUT_HOME
            : Path.of(home).toAbsolutePath().resolve("mnt"));
  }

  /// Where an SR is mounted, as the kernel prints it: without symbolic links.
  Path mountPoint(SrUuid sr) throws StorageException {
    try {
      Files.createDirectories(folder, OwnerOnly.FOLDER);
      return folder.toRealPath().resolve(sr.toString());
    } catch (IOException failed) {
      throw new StorageException(
          ErrorCode.LVM_MOUNT,
          "The folder "
              + folder
              + " for mounting SRs can't be made: "
              + Messages.reason(failed)
              + ".",
          "Set STRATA_HOME to a folder that the daemon may write to.",
          failed);
    }
  }
}
