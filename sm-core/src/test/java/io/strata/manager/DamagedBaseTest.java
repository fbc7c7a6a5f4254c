// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.BlockDevice;
import io.strata.catalog.VdiRecord;
import io.strata.spi.AccessMode;
import io.strata.spi.ErrorCode;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A base whose header is damaged, and what disks have of it once it is mended by hand.
class DamagedBaseTest {
  private static final int IN_HEADER_AT = 512 + 700;

  @TempDir Path folder;

  private final FolderDriver driver = new FolderDriver();
  private StorageManager manager;
  private SrUuid sr;
  private VdiUuid disk;
  private VdiUuid base;

  @BeforeEach
  void damage() throws Exception {
    manager = start("home");
    sr = manager.srCreate(SrCreate.of("folder", "sr", FolderDriver.at(folder.resolve("sr"))));
    disk = manager.vdiCreate(VdiCreate.of(sr, "disk", 8L << 20));
    try (BlockDevice device = driver.attachedTo(sr).open(disk, AccessMode.RW)) {
      device.write(0, ByteBuffer.allocate(512).putLong(0, 1));
      device.flush();
    }
    manager.vdiSnapshot(VdiSnapshot.of(disk));
    base = manager.vdi(disk).parent().orElseThrow();
    flip();
    manager.srScan(sr);
  }

  @AfterEach
  void close() {
    manager.close();
  }

  private StorageManager start(String home) throws StorageException {
    return StorageManager.open(
        new ManagerConfig(
            folder.resolve(home),
            List.of(driver),
            Clock.systemUTC(),
            "testhost",
            Duration.ofSeconds(5),
            Duration.ofSeconds(5),
            Failpoints.NONE,
            false,
            Duration.ofSeconds(5),
            Schedule.SYSTEM));
  }

  private void flip() throws IOException {
    Path file = folder.resolve("sr").resolve(base + ".vhd");
    try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
      bytes.seek(IN_HEADER_AT);
      int old = bytes.read();
      bytes.seek(IN_HEADER_AT);
      bytes.write(old ^ 0xFF);
    }
  }

  private void assertMendedByHand() throws Exception {
    flip();
    manager.srScan(sr);
    assertThat(manager.vdi(disk).problem()).isEmpty();
    assertThat(manager.vdi(base).managed()).isFalse();
    assertThat(manager.vdi(disk).parent()).contains(base);
    manager.vdiAttach(VdiAttach.of(disk, AccessMode.RO));
  }

  @Test
  void itStaysABaseThatNobodyCanDestroy() throws Exception {
    assertThat(manager.vdi(base).problem()).isPresent();
    assertThat(manager.vdi(base).managed()).isFalse();
    assertThat(manager.vdi(disk).parent()).contains(base);
    Bench.refused(ErrorCode.VDI_UNAVAILABLE, () -> manager.vdiDestroy(base));
    manager.srGc(sr);
    assertMendedByHand();
  }

  /// A host that never saw it sound can't tell what it is, but that others lack something.
  @Test
  void anotherHostDoesNotDestroyItEither() throws Exception {
    manager.pbdUnplug(manager.pbds().getFirst().uuid());
    manager.close();
    manager = start("elsewhere");
    manager.srIntroduce(new SrIntroduce(sr, "folder", "sr", "", false, "user"));
    manager.pbdPlug(
        manager.pbdCreate(
            new PbdCreate(sr, Optional.empty(), FolderDriver.at(folder.resolve("sr")))));
    assertThat(manager.vdi(base).managed()).isTrue();
    Bench.refused(ErrorCode.VDI_IN_USE, () -> manager.vdiDestroy(base));
    assertMendedByHand();
  }

  /// A disk that was put back to a snapshot is its child, and can't say so.
  @Test
  void snapshotOfADiskThatCantBeReadStays() throws Exception {
    flip();
    manager.srScan(sr);
    VdiUuid snapshot =
        manager.vdis(sr).stream()
            .filter(vdi -> vdi.isASnapshot())
            .map(VdiRecord::uuid)
            .findFirst()
            .orElseThrow();
    manager.vdiRevert(snapshot);
    assertThat(manager.vdi(disk).parent()).contains(snapshot);
    Path file = folder.resolve("sr").resolve(disk + ".vhd");
    byte[] image = Files.readAllBytes(file);
    Files.write(file, new byte[image.length]);
    manager.srScan(sr);
    Bench.refused(ErrorCode.VDI_IN_USE, () -> manager.vdiDestroy(snapshot));
    Files.write(file, image);
    manager.srScan(sr);
    assertThat(manager.vdi(disk).problem()).isEmpty();
    manager.vdiDestroy(snapshot);
    manager.vdiAttach(VdiAttach.of(disk, AccessMode.RO));
  }
}
