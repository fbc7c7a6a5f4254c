// SPDX-License-Identifier: Apache-2.0
package io.strata.contract;

import io.strata.host.Command;
import io.strata.host.ProcessRunner;
import io.strata.spi.DeviceConfig;
import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;

/// The contract, for SR type `ext` on a loop device. Needs root; skipped elsewhere, with the
/// reason.
final class ExtContractTest extends RepositoryContract {
  private static final long DISK_BYTES = 1L << 30;

  private final ProcessRunner runner = new ProcessRunner();
  private final List<String> loops = new ArrayList<>();

  @Override
  String type() {
    return "ext";
  }

  @Override
  DeviceConfig config(Path place) throws Exception {
    Path image = place.resolveSibling("disk.img");
    try (RandomAccessFile disk = new RandomAccessFile(image.toFile(), "rw")) {
      disk.setLength(DISK_BYTES);
    }
    try {
      String loop = tool("losetup", "--find", "--show", "--", image.toString()).strip();
      loops.add(loop);
      return new DeviceConfig(Map.of("device", loop));
    } catch (StorageException impossible) {
      System.out.println("SKIPPED: no loop devices here: " + impossible.getMessage());
      Assumptions.abort("no loop devices here: " + impossible.getMessage());
      throw impossible;
    }
  }

  @Override
  void release() throws Exception {
    for (String loop : loops) {
      tool("losetup", "-d", loop);
    }
  }

  private String tool(String... argv) throws StorageException {
    return runner.run(Command.of(argv)).orThrow(ErrorCode.INVALID_DEV, "Run as root.").stdout();
  }
}
