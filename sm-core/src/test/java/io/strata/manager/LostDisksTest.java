// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.block.BlockDevice;
import io.strata.block.Container;
import io.strata.block.FileContainer;
import io.strata.catalog.VdiRecord;
import io.strata.gc.GcAction;
import io.strata.spi.AccessMode;
import io.strata.spi.ErrorCode;
import io.strata.spi.PbdUuid;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.vhd.VhdCreator;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Disks whose files are not found for a while, and what they depend on.
class LostDisksTest {
  private static final int WRITTEN = 4096;

  @TempDir Path folder;

  private final FolderDriver driver = new FolderDriver();

  /// What happens at a failpoint, once.
  private final Map<String, Happening> meanwhile = new HashMap<>();

  private StorageManager manager;
  private SrUuid sr;
  private VdiUuid disk;
  private VdiUuid snapshot;

  @FunctionalInterface
  private interface Happening {
    void run() throws IOException, StorageException;
  }

  private void passed(String failpoint) {
    Happening happening = meanwhile.remove(failpoint);
    if (happening != null) {
      try {
        happening.run();
      } catch (IOException | StorageException e) {
        throw new AssertionError(e);
      }
    }
  }

  /// A disk that holds 2 in its own image, and a snapshot of when it held 1.
  @BeforeEach
  void prepare() throws Exception {
    manager = FolderBench.open(folder, driver, this::passed);
    sr = manager.srCreate(SrCreate.of("folder", "sr", FolderDriver.at(folder.resolve("sr"))));
    disk = manager.vdiCreate(VdiCreate.of(sr, "disk", 8L << 20));
    write(1);
    snapshot = manager.vdiSnapshot(VdiSnapshot.of(disk));
    write(2);
    Files.createDirectories(folder.resolve("aside"));
  }

  @AfterEach
  void close() {
    manager.close();
  }

  @Test
  void baseStaysThatOnlyLostDisksNeed() throws Exception {
    moveAside(disk, snapshot);
    manager.srScan(sr);
    assertThat(manager.srGc(sr)).isEmpty();
    assertKept(manager.srGcPlan(sr));
    putBack(disk, snapshot);
    assertWhole();
  }

  @Test
  void baseIsNotMergedThatALostSnapshotNeeds() throws Exception {
    moveAside(snapshot);
    manager.srScan(sr);
    assertThat(manager.srGc(sr)).isEmpty();
    assertKept(manager.srGcPlan(sr));
    assertThat(manager.tree(sr).nodes())
        .filteredOn(SrTree.Node::hidden)
        .singleElement()
        .satisfies(node ->
            assertThat(node.waits()).hasValueSatisfying(w -> assertThat(w).startsWith("stays: ")));
    putBack(snapshot);
    assertWhole();
  }

  /// The plan was made when it was there still.
  @Test
  void mergeIsBrokenOffWhenADiskGetsLostMeanwhile() throws Exception {
    write(0, 2 << 20, 1);
    VdiUuid second = manager.vdiSnapshot(VdiSnapshot.of(disk));
    write(0, WRITTEN, 3);
    VdiUuid third = manager.vdiSnapshot(VdiSnapshot.of(disk));
    write(0, WRITTEN, 4);
    manager.vdiDestroy(snapshot);
    manager.vdiDestroy(second);
    // The uppermost hidden node, which is that of two disks, is merged into the one below it.
    meanwhile.put(
        "vdi-coalesce.recorded",
        () -> {
          moveAside(third);
          manager.srScan(sr);
        });
    manager.srGc(sr);
    assertThat(meanwhile).as("what was to happen").isEmpty();
    putBack(third);
    assertThat(read(third)).isEqualTo(3);
    assertThat(read(disk)).isEqualTo(4);
    assertThat(manager.srGc(sr)).hasSize(1).allMatch(GcAction.MergeRun.class::isInstance);
    assertThat(read(third)).isEqualTo(3);
    assertThat(read(disk)).isEqualTo(4);
  }

  @Test
  void diskIsNotWrittenThatALostDiskDependsOn() throws Exception {
    VdiUuid child = foreignChild();
    moveAside(child);
    manager.srScan(sr);
    assertThatThrownBy(() -> write(9))
        .isInstanceOfSatisfying(
            StorageException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.VDI_UNAVAILABLE))
        .hasMessageContaining("is not found for now");
    assertThatThrownBy(() -> manager.vdiResize(disk, 16L << 20))
        .hasMessageContaining("is not found for now");
    assertThat(read(disk)).isEqualTo(2);
    putBack(child);
    assertThat(read(child)).isEqualTo(2);
    moveAside(child);
    manager.srScan(sr);
    manager.vdiForget(child);
    write(9);
    assertThat(read(disk)).isEqualTo(9);
  }

  /// An image over the disk, as another program makes it.
  private VdiUuid foreignChild() throws Exception {
    VdiUuid child = VdiUuid.random();
    try (Container image = FileContainer.create(inSr(child));
        Container below = FileContainer.openReadOnly(inSr(disk))) {
      VhdCreator.differencing(image, UUID.randomUUID(), below, disk + ".vhd");
      image.flush();
    }
    manager.srScan(sr);
    return child;
  }

  /// As below a mount that is gone.
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatStandsInTheFoldersPlaceIsNotTheSr(boolean another) throws Exception {
    Path sound = folder.resolve("sr");
    Path away = folder.resolve("sr-away");
    Files.move(sound, away);
    if (another) {
      Files.createDirectory(sound);
    }
    assertUnavailable(() -> manager.srScan(sr));
    assertUnavailable(() -> manager.vdiCreate(VdiCreate.of(sr, "new", 8L << 20)));
    assertUnavailable(() -> manager.vdiSnapshot(VdiSnapshot.of(disk)));
    assertUnavailable(() -> manager.vdiDestroy(snapshot));
    if (another) {
      Files.delete(sound);
    }
    Files.move(away, sound);
    assertThat(manager.vdis(sr)).filteredOn(VdiRecord::missing).isEmpty();
    assertWhole();
  }

  private static void assertUnavailable(ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            StorageException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.SR_UNAVAILABLE));
  }

  @Test
  void lostSnapshotThatIsForgottenKeepsNothing() throws Exception {
    moveAside(snapshot);
    manager.srScan(sr);
    manager.vdiForget(snapshot);
    assertThat(manager.srGc(sr)).hasSize(1).allMatch(GcAction.MergeRun.class::isInstance);
    assertThat(read(disk)).isEqualTo(2);
  }

  @Test
  void destroyingADiskKeepsWhatALostSnapshotNeeds() throws Exception {
    moveAside(snapshot);
    manager.srScan(sr);
    manager.vdiDestroy(disk);
    assertThat(manager.srGc(sr)).isEmpty();
    putBack(snapshot);
    assertThat(read(snapshot)).isEqualTo(1);
  }

  @Test
  void destroyingASnapshotKeepsItForALostDisk() throws Exception {
    manager.vdiRevert(snapshot);
    manager.srGc(sr);
    assertThat(manager.vdi(disk).parent()).contains(snapshot);
    moveAside(disk);
    manager.vdiDestroy(snapshot);
    assertThat(manager.srGc(sr)).isEmpty();
    putBack(disk);
    assertThat(read(disk)).isEqualTo(1);
  }

  @Test
  void destroyingASnapshotKeepsItForADiskThatAScanMissed() throws Exception {
    manager.vdiRevert(snapshot);
    manager.srGc(sr);
    moveAside(disk);
    manager.srScan(sr);
    manager.vdiDestroy(snapshot);
    assertKept(manager.srGcPlan(sr));
    manager.vdiForget(disk);
    assertThat(manager.srGc(sr)).hasSize(1).allMatch(GcAction.Remove.class::isInstance);
  }

  /// Whoever tries to open the disk takes note that its file is gone; no scan has yet.
  @Test
  void destroyingASnapshotKeepsTheBaseOfADiskThatNoScanMissed() throws Exception {
    moveAside(disk);
    assertThatThrownBy(() -> driver.attachedTo(sr).open(disk, AccessMode.RW))
        .isInstanceOf(StorageException.class);
    manager.vdiDestroy(snapshot);
    assertThat(manager.srGc(sr)).isEmpty();
    putBack(disk);
    assertThat(read(disk)).isEqualTo(2);
  }

  /// As another program makes it: its parent is a disk, and becomes a base with the next snapshot.
  @Test
  void baseIsKeptForALostDiskThatDependedOnADiskBefore() throws Exception {
    VdiUuid child = foreignChild();
    assertThat(manager.vdi(child).parent()).contains(disk);
    VdiUuid later = manager.vdiSnapshot(VdiSnapshot.of(disk));
    assertThat(manager.vdi(child).parent()).isEqualTo(manager.vdi(disk).parent());
    moveAside(child);
    manager.vdiDestroy(later);
    manager.vdiRevert(snapshot);
    manager.srGc(sr);
    putBack(child);
    assertThat(read(child)).isEqualTo(2);
  }

  @Test
  void baseGoesWithTheLastDiskThatNeedsIt() throws Exception {
    manager.vdiDestroy(snapshot);
    manager.vdiDestroy(disk);
    try (Stream<Path> left = Files.list(folder.resolve("sr"))) {
      assertThat(left).noneMatch(file -> file.toString().endsWith(".vhd"));
    }
  }

  /// It has not seen the disks, and knows of them by what the SR says.
  @Test
  void anotherHostKeepsWhatLostDisksNeed() throws Exception {
    manager.pbdUnplug(manager.pbds().getFirst().uuid());
    manager.close();
    moveAside(disk, snapshot);
    manager = FolderBench.open(folder.resolve("elsewhere"), driver, Failpoints.NONE);
    manager.srIntroduce(new SrIntroduce(sr, "folder", "sr", "", false, "user"));
    PbdUuid pbd =
        manager.pbdCreate(
            new PbdCreate(sr, Optional.empty(), FolderDriver.at(folder.resolve("sr"))));
    manager.pbdPlug(pbd);
    assertThat(manager.vdi(disk).missing()).isTrue();
    assertThat(manager.vdi(snapshot).missing()).isTrue();
    assertThat(manager.srGc(sr)).isEmpty();
    assertKept(manager.srGcPlan(sr));
    putBack(disk, snapshot);
    assertWhole();
    assertThat(manager.vdi(disk).nameLabel()).isEqualTo("disk");
    assertThat(manager.vdi(snapshot).snapshotOf()).contains(disk);
  }

  /// It may have been a base that could not be read just then.
  @Test
  void imageThatCouldNeverBeReadIsNoLostDiskOnceItIsGone() throws Exception {
    VdiUuid broken = VdiUuid.random();
    Path file = folder.resolve("sr").resolve(broken + ".vhd");
    Files.write(file, new byte[8192]);
    manager.srScan(sr);
    assertThat(manager.vdi(broken).problem()).isPresent();
    Files.delete(file);
    assertThat(manager.srScan(sr).gone()).contains(broken);
    assertThat(manager.vdis(sr)).noneMatch(vdi -> vdi.uuid().equals(broken));
    manager.vdiDestroy(snapshot);
    assertThat(manager.srGc(sr)).isNotEmpty();
    assertThat(read(disk)).isEqualTo(2);
  }

  private static void assertKept(List<GcAction> plan) {
    assertThat(plan).hasSize(1).allMatch(GcAction.Keep.class::isInstance);
    assertThat(plan.getFirst().reason()).contains("is not found").contains("vdi-forget");
  }

  private void assertWhole() throws Exception {
    assertThat(manager.srScan(sr).added()).isEmpty();
    assertThat(read(disk)).isEqualTo(2);
    assertThat(read(snapshot)).isEqualTo(1);
    assertThat(manager.vdi(disk).missing()).isFalse();
    assertThat(manager.srGcPlan(sr))
        .extracting(GcAction::reason)
        .containsExactly("shared by 2 disks");
  }

  private void write(int value) throws StorageException, IOException {
    write(0, WRITTEN, value);
  }

  private void write(long offsetBytes, int lengthBytes, int value)
      throws StorageException, IOException {
    try (BlockDevice device = driver.attachedTo(sr).open(disk, AccessMode.RW)) {
      ByteBuffer data = ByteBuffer.allocate(lengthBytes);
      while (data.hasRemaining()) {
        data.put((byte) value);
      }
      device.write(offsetBytes, data.flip());
      device.flush();
    }
  }

  private int read(VdiUuid vdi) throws StorageException, IOException {
    manager.srScan(sr);
    try (BlockDevice device = driver.attachedTo(sr).open(vdi, AccessMode.RO)) {
      ByteBuffer data = ByteBuffer.allocate(WRITTEN);
      device.read(0, data);
      return data.get(WRITTEN - 1);
    }
  }

  private void moveAside(VdiUuid... vdis) throws IOException {
    for (VdiUuid vdi : vdis) {
      Files.move(inSr(vdi), aside(vdi));
    }
  }

  private void putBack(VdiUuid... vdis) throws IOException {
    for (VdiUuid vdi : vdis) {
      Files.move(aside(vdi), inSr(vdi));
    }
  }

  private Path inSr(VdiUuid vdi) {
    return folder.resolve("sr").resolve(vdi + ".vhd");
  }

  private Path aside(VdiUuid vdi) {
    return folder.resolve("aside").resolve(vdi + ".vhd");
  }
}
