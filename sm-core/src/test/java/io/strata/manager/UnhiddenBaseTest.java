// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.catalog.VdiRecord;
import io.strata.nbd.NbdClient;
import io.strata.spi.AccessMode;
import io.strata.spi.ErrorCode;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The last step of a branch, which hides its base, fails as long as nobody mends the storage: the
/// base never shows as a disk, and once it can be, the branch is taken back.
class UnhiddenBaseTest {
  private static final int SIZE = 8 << 20;

  @TempDir Path folder;

  private final Faults faults = new Faults();
  private final FolderDriver driver = new FolderDriver();
  private StorageManager manager;
  private SrUuid sr;
  private VdiUuid disk;

  @BeforeEach
  void makeDisk() throws IOException, StorageException {
    manager = open();
    sr = manager.srCreate(SrCreate.of("folder", "sr", FolderDriver.at(folder.resolve("sr"))));
    disk = manager.vdiCreate(VdiCreate.of(sr, "disk", SIZE));
    attach();
    write(0, 1);
  }

  @AfterEach
  void close() {
    manager.close();
  }

  private StorageManager open() throws StorageException {
    return FolderBench.open(folder, driver, faults);
  }

  private void attach() throws StorageException {
    manager.vdiAttach(VdiAttach.of(disk, AccessMode.RW));
  }

  private NbdClient client() throws IOException {
    return FolderBench.client(folder, disk);
  }

  private void write(long offset, int value) throws IOException {
    try (NbdClient client = client()) {
      client.write(offset, ByteBuffer.wrap(new byte[] {(byte) value}));
      client.flush();
    }
  }

  private void assertHolds(int... values) throws IOException {
    try (NbdClient client = client()) {
      for (int i = 0; i < values.length; i++) {
        ByteBuffer found = ByteBuffer.allocate(1);
        client.read(i * 512L, found);
        assertThat(found.get(0)).isEqualTo((byte) values[i]);
      }
    }
  }

  private List<VdiUuid> disks() throws StorageException {
    return manager.vdis(sr).stream().filter(VdiRecord::managed).map(VdiRecord::uuid).toList();
  }

  private void restart() throws StorageException {
    manager.close();
    manager = open();
  }

  /// The storage takes no changes of images from a failpoint on, until a scan could not end the
  /// operation. Then a start, or another scan, ends it.
  private void failFrom(Optional<String> point, boolean restarted, ThrowingCallable operation)
      throws StorageException {
    if (point.isPresent()) {
      faults.whenPassing(point.get(), () -> driver.refuse(FolderDriver.CHANGING));
    } else {
      driver.refuse(FolderDriver.CHANGING);
    }
    Bench.refused(ErrorCode.IO_ERROR, operation);
    faults.whenPassing("", () -> {});
    assertThat(manager.srScan(sr).added()).isEmpty();
    assertThat(manager.intents()).hasSize(1);
    assertThat(disks()).containsExactly(disk);
    driver.refuse(FolderDriver.NOTHING);
    if (restarted) {
      restart();
    }
    assertThat(manager.srScan(sr).added()).isEmpty();
    assertThat(manager.intents()).isEmpty();
    assertThat(disks()).containsExactly(disk);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void snapshotOfARunningDiskIsTakenBack(boolean restarted) throws Exception {
    failFrom(
        Optional.of("vdi-snapshot.resumed"),
        restarted,
        () -> manager.vdiSnapshot(VdiSnapshot.of(disk)));
    write(512, 2);
    VdiUuid snapshot = manager.vdiSnapshot(VdiSnapshot.of(disk));
    write(0, 3);
    assertHolds(3, 2);
    assertThat(disks()).containsExactlyInAnyOrder(disk, snapshot);
    manager.vdiDestroy(snapshot);
    manager.srGc(sr);
    assertThat(manager.vdis(sr)).hasSize(1);
    assertHolds(3, 2);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void cloneIsTakenBack(boolean restarted) throws Exception {
    manager.vdiDetach(disk, VdiAttach.HOST_DOMAIN);
    failFrom(Optional.empty(), restarted, () -> manager.vdiClone(VdiClone.of(disk)));
    attach();
    write(512, 2);
    assertHolds(1, 2);
    manager.srGc(sr);
    assertThat(manager.vdis(sr)).hasSize(1);
    assertHolds(1, 2);
  }
}
