// SPDX-License-Identifier: Apache-2.0
package io.strata.driver.local;

import io.strata.host.Command;
import io.strata.host.ProcessRunner;
import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/// A disk for tests: a sparse file behind a loop device. Needs root.
///
/// @param device `/dev/loopN`
/// @param file the sparse file
record LoopDisk(Path device, Path file) implements AutoCloseable {
  private static final ProcessRunner RUNNER = new ProcessRunner();

  /// A blank disk, or the test is skipped where this host can't have one.
  static LoopDisk blank(Path folder, long sizeBytes) throws IOException, StorageException {
    Path file = Files.createTempFile(folder, "disk", ".img");
    try (RandomAccessFile disk = new RandomAccessFile(file.toFile(), "rw")) {
      disk.setLength(sizeBytes);
    }
    return over(file);
  }

  /// A disk over a file that is there already.
  static LoopDisk over(Path file) {
    return bind(file, "losetup", "--find", "--show", "--", file.toString());
  }

  /// The same without writing. (`blockdev --setro` would outlast the disk, on its number.)
  static LoopDisk readOnlyOver(Path file) {
    return bind(file, "losetup", "--read-only", "--find", "--show", "--", file.toString());
  }

  private static LoopDisk bind(Path file, String... losetup) {
    try {
      String device =
          RUNNER
              .run(Command.of(losetup))
              .orThrow(ErrorCode.INVALID_DEV, "Run as root.")
              .stdout()
              .strip();
      return new LoopDisk(Path.of(device), file);
    } catch (StorageException impossible) {
      Assumptions.abort("no loop devices here: " + impossible.getMessage());
      throw new AssertionError(impossible);
    }
  }

  /// Runs a tool that must succeed.
  static String tool(String... argv) throws StorageException {
    return RUNNER.run(Command.of(argv)).orThrow(ErrorCode.SM_GENERAL, "See the tool.").stdout();
  }

  @Override
  public void close() throws IOException, StorageException {
    tool("losetup", "-d", device.toString());
    Files.deleteIfExists(file);
  }
}
