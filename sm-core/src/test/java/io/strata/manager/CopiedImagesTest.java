// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.BlockDevice;
import io.strata.gc.GcAction;
import io.strata.spi.AccessMode;
import io.strata.spi.ErrorCode;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Images that somebody copied within an SR: several files are one VHD then, by its UUID.
class CopiedImagesTest {
  private static final int WRITTEN = 4096;

  @TempDir Path folder;

  private final FolderDriver driver = new FolderDriver();
  private final VdiUuid copy = VdiUuid.random();
  private StorageManager manager;
  private SrUuid sr;
  private VdiUuid disk;

  @BeforeEach
  void prepare() throws Exception {
    manager = FolderBench.open(folder, driver, Failpoints.NONE);
    sr = manager.srCreate(SrCreate.of("folder", "sr", FolderDriver.at(folder.resolve("sr"))));
    disk = manager.vdiCreate(VdiCreate.of(sr, "disk", 8L << 20));
    write(disk, 1);
  }

  @AfterEach
  void close() {
    manager.close();
  }

  @Test
  void neitherOfTwoCopiesBecomesAParent() throws Exception {
    copyImage(disk);
    write(disk, 2);
    write(copy, 3);
    for (VdiUuid vdi : new VdiUuid[] {disk, copy}) {
      Bench.refused(ErrorCode.VDI_UNAVAILABLE, () -> manager.vdiSnapshot(VdiSnapshot.of(vdi)));
      Bench.refused(ErrorCode.VDI_UNAVAILABLE, () -> manager.vdiClone(VdiClone.of(vdi)));
    }
    assertThat(manager.srGc(sr)).isEmpty();
    assertThat(read(disk)).isEqualTo(2);
    assertThat(read(copy)).isEqualTo(3);
    manager.vdiDestroy(copy);
    manager.vdiSnapshot(VdiSnapshot.of(disk));
    write(disk, 4);
    assertThat(read(disk)).isEqualTo(4);
  }

  /// Nobody can tell which of them the disks mean.
  @Test
  void copyOfABaseTakesNeitherItsPlaceNorItsChildren() throws Exception {
    VdiUuid snapshot = manager.vdiSnapshot(VdiSnapshot.of(disk));
    VdiUuid base = manager.vdi(disk).parent().orElseThrow();
    write(disk, 2);
    copyImage(base);
    assertThat(manager.vdi(snapshot).problem())
        .hasValueSatisfying(
            problem -> assertThat(problem).contains(base + ".vhd").contains(copy + ".vhd"));
    assertThat(manager.srGc(sr)).isEmpty();
    assertThat(manager.srGcPlan(sr)).hasSize(2).allMatch(GcAction.Keep.class::isInstance);
    manager.vdiDestroy(snapshot);
    assertThat(file(base)).exists();
    assertThat(file(copy)).exists();
    Files.delete(file(copy));
    manager.srScan(sr);
    assertThat(manager.vdi(disk).problem()).isEmpty();
    assertThat(manager.srGc(sr)).isNotEmpty();
    assertThat(read(disk)).isEqualTo(2);
  }

  /// As from a backup of before the snapshot.
  @Test
  void copyThatIsADiskLeavesTheBaseItsChildren() throws Exception {
    Path aside = folder.resolve("aside.vhd");
    Files.copy(file(disk), aside);
    VdiUuid snapshot = manager.vdiSnapshot(VdiSnapshot.of(disk));
    write(disk, 2);
    Files.copy(aside, file(copy));
    manager.srScan(sr);
    write(copy, 3);
    assertThat(manager.srGc(sr)).isEmpty();
    assertThat(read(snapshot)).isEqualTo(1);
    assertThat(read(disk)).isEqualTo(2);
    assertThat(read(copy)).isEqualTo(3);
    Bench.refused(ErrorCode.VDI_UNAVAILABLE, () -> manager.vdiSnapshot(VdiSnapshot.of(copy)));
    manager.vdiDestroy(copy);
    assertThat(file(copy)).doesNotExist();
    assertThat(read(snapshot)).isEqualTo(1);
  }

  private void copyImage(VdiUuid image) throws IOException, StorageException {
    Files.copy(file(image), file(copy));
    manager.srScan(sr);
  }

  private Path file(VdiUuid vdi) {
    return folder.resolve("sr").resolve(vdi + ".vhd");
  }

  private void write(VdiUuid vdi, int value) throws StorageException, IOException {
    try (BlockDevice device = driver.attachedTo(sr).open(vdi, AccessMode.RW)) {
      ByteBuffer data = ByteBuffer.allocate(WRITTEN);
      while (data.hasRemaining()) {
        data.put((byte) value);
      }
      device.write(0, data.flip());
      device.flush();
    }
  }

  private int read(VdiUuid vdi) throws StorageException, IOException {
    try (BlockDevice device = driver.attachedTo(sr).open(vdi, AccessMode.RO)) {
      ByteBuffer data = ByteBuffer.allocate(WRITTEN);
      device.read(0, data);
      return data.get(WRITTEN - 1);
    }
  }
}
