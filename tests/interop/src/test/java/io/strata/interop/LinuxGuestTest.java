// SPDX-License-Identifier: Apache-2.0
package io.strata.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.strata.block.FileContainer;
import io.strata.vhd.VhdChain;
import java.io.IOException;
import java.nio.file.Path;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A Linux guest with ext4 on a VHD that Strata serves.
final class LinuxGuestTest {

  private static final long SIZE_BYTES = 256L << 20;

  @TempDir private Path directory;
  private VhdFolder folder;
  private Guest guest;

  @BeforeEach
  void prepareGuest() throws IOException {
    assumeFalse("quick".equals(System.getProperty("strata.verify")), "quick: no guest is booted");
    guest = Guest.prepare(directory);
    folder = new VhdFolder(directory);
    folder.createDynamic("disk", SIZE_BYTES);
  }

  private String boot(String image, String phase) throws IOException {
    try (ServedDisk disk = new ServedDisk(directory, folder.openReadWrite(image))) {
      return guest.run(disk.uri(), phase);
    }
  }

  @Test
  void cloneOfASnapshotHoldsTheGuestsFilesAndLeavesTheOriginalAlone() throws IOException {
    boot("disk", "write");
    folder.createChild("clone", "disk");
    folder.createChild("active", "disk");
    assertThat(boot("clone", "verify-and-write")).contains("verified 6 files of third");
    assertThat(boot("active", "verify")).contains("verified 6 files of first");
  }

  @Test
  void trimOfTheGuestGivesSpaceBack() throws IOException {
    boot("disk", "write");
    try (FileContainer container = FileContainer.openReadOnly(folder.file("disk"))) {
      // 28 MiB of files stay; the 48 MiB between them were deleted and trimmed.
      assertThat(container.physicalBytes()).isBetween(28L << 20, 60L << 20);
    }
  }

  @Test
  void snapshotsWhileTheGuestWritesLoseNothing() throws Exception {
    int snapshots = 0;
    try (ServedDisk disk = new ServedDisk(directory, folder.openReadWrite("disk"));
        ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<String> running = executor.submit(() -> guest.run(disk.uri(), "write"));
      while (!running.isDone()) {
        Path child = folder.file("layer" + snapshots);
        disk.snapshot(FileContainer.create(child), UUID.randomUUID());
        snapshots++;
        Thread.sleep(250);
      }
      running.get();
    } catch (ExecutionException e) {
      throw new AssertionError("the guest failed after " + snapshots + " snapshots", e);
    }
    String newest = "layer" + (snapshots - 1);
    try (VhdChain chain = folder.openReadOnly(newest)) {
      assertThat(chain.depth()).isEqualTo(snapshots + 1).isGreaterThan(3);
    }
    assertThat(boot(newest, "verify")).contains("verified 6 files of second");
  }
}
