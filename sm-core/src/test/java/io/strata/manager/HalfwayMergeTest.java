// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.nbd.NbdClient;
import io.strata.spi.AccessMode;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A running disk's parent is halfway to its name, and shows in no list: what is below it is needed
/// all the same.
class HalfwayMergeTest {
  private static final int SIZE = 8 << 20;

  @TempDir Path folder;
  private final Faults faults = new Faults();
  private final FolderDriver driver = new FolderDriver();

  @Test
  void baseOfAHalfwayParentStaysWhenItsOtherDiskGoes() throws Exception {
    try (StorageManager manager = open()) {
      VdiUuid golden = golden(manager);
      VdiUuid disk = halfwayOver(manager, golden);
      assertThatThrownBy(() -> manager.vdiSnapshot(VdiSnapshot.of(disk)))
          .isInstanceOfSatisfying(
              StorageException.class, said -> assertThat(said.remedy()).contains("run sr-scan"));
      manager.vdiDestroy(golden);
      assertHoldsAfterwards(manager, disk);
    }
  }

  @Test
  void baseOfAHalfwayParentIsNotMergedWithItsOtherDisk() throws Exception {
    try (StorageManager manager = open()) {
      VdiUuid golden = golden(manager);
      VdiUuid disk = halfwayOver(manager, golden);
      manager.vdiAttach(VdiAttach.of(golden, AccessMode.RW));
      write(golden, 0, 9);
      manager.srGc(manager.vdi(disk).sr());
      write(golden, 512, 9);
      assertThat(read(disk, 0)).as("of the running disk").isEqualTo(1);
      assertHoldsAfterwards(manager, disk);
    }
  }

  private VdiUuid golden(StorageManager manager) throws Exception {
    SrUuid sr =
        manager.srCreate(SrCreate.of("folder", "sr", FolderDriver.at(folder.resolve("sr"))));
    VdiUuid golden = manager.vdiCreate(VdiCreate.of(sr, "golden", SIZE));
    manager.vdiAttach(VdiAttach.of(golden, AccessMode.RW));
    write(golden, 0, 1);
    write(golden, 512, 2);
    manager.vdiDetach(golden, VdiAttach.HOST_DOMAIN);
    return golden;
  }

  /// A running clone, whose parent lost its own name and got no other.
  private VdiUuid halfwayOver(StorageManager manager, VdiUuid golden) throws Exception {
    VdiUuid disk = manager.vdiClone(VdiClone.of(golden));
    manager.vdiAttach(VdiAttach.of(disk, AccessMode.RW));
    write(disk, 1024, 3);
    manager.vdiDestroy(manager.vdiSnapshot(VdiSnapshot.of(disk)));
    write(disk, 1536, 4);
    AtomicInteger changes = new AtomicInteger();
    faults.whenPassing(
        "vdi-absorb.copied",
        () ->
            driver.refuse((call, _) ->
                (call.equals("replace") || call.equals("sync")) && changes.getAndIncrement() >= 1));
    SrUuid sr = manager.vdi(disk).sr();
    assertThatThrownBy(() -> manager.srGc(sr))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("injected");
    faults.whenPassing("", () -> {});
    driver.refuse(FolderDriver.NOTHING);
    assertThat(manager.intents()).hasSize(1);
    return disk;
  }

  private void assertHoldsAfterwards(StorageManager manager, VdiUuid disk) throws Exception {
    SrUuid sr = manager.vdi(disk).sr();
    manager.vdiDetach(disk, VdiAttach.HOST_DOMAIN);
    manager.srScan(sr);
    assertThat(manager.intents()).isEmpty();
    assertThat(manager.vdi(disk).problem()).isEmpty();
    manager.vdiAttach(VdiAttach.of(disk, AccessMode.RW));
    for (int i = 0; i < 4; i++) {
      assertThat(read(disk, i * 512L)).isEqualTo(i + 1);
    }
  }

  private NbdClient client(VdiUuid disk) throws IOException {
    return FolderBench.client(folder, disk);
  }

  private void write(VdiUuid disk, long offset, int value) throws IOException {
    try (NbdClient client = client(disk)) {
      client.write(offset, ByteBuffer.wrap(new byte[] {(byte) value}));
      client.flush();
    }
  }

  private int read(VdiUuid disk, long offset) throws IOException {
    try (NbdClient client = client(disk)) {
      ByteBuffer found = ByteBuffer.allocate(1);
      client.read(offset, found);
      return found.get(0);
    }
  }

  private StorageManager open() throws StorageException {
    return FolderBench.open(folder, driver, faults);
  }
}
