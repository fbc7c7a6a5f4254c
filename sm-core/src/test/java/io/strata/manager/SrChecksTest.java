// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.block.BlockDevice;
import io.strata.block.FileContainer;
import io.strata.gc.GcAction;
import io.strata.spi.AccessMode;
import io.strata.spi.ErrorCode;
import io.strata.spi.PbdUuid;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.Volume;
import io.strata.spi.VolumeFinding;
import io.strata.vhd.VhdEditor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SrChecksTest {
  private static final long SIZE = 8 << 20;

  /// Where the dynamic header's checksum is, after the footer's copy.
  private static final long HEADER_CHECKSUM_AT = 512 + 36;

  @TempDir Path folder;

  private final FolderDriver driver = new FolderDriver();
  private StorageManager manager;
  private SrUuid sr;
  private VdiUuid disk;

  @BeforeEach
  void open() throws Exception {
    manager =
        StorageManager.open(
            new ManagerConfig(
                folder.resolve("home"),
                List.of(driver),
                Clock.systemUTC(),
                "testhost",
                Duration.ofSeconds(5),
                Duration.ofSeconds(5),
                new Faults(),
                false,
                Duration.ofSeconds(5),
                Schedule.SYSTEM));
    sr = manager.srCreate(SrCreate.of("folder", "sr", FolderDriver.at(folder.resolve("sr"))));
    disk = manager.vdiCreate(VdiCreate.of(sr, "disk", SIZE));
    try (BlockDevice device =
        Objects.requireNonNull(driver.attached.get(sr)).open(disk, AccessMode.RW)) {
      device.write(0, ByteBuffer.wrap(new byte[] {1, 2, 3}));
    }
  }

  @AfterEach
  void close() {
    manager.close();
  }

  @Test
  void soundVolumesAreSaidToBe() throws Exception {
    manager.vdiSnapshot(VdiSnapshot.of(disk));
    for (boolean data : new boolean[] {false, true}) {
      SrCheckReport report = check(data);
      assertThat(report.findings()).isEmpty();
      // The disk, its snapshot and the node that both share.
      assertThat(report.checked()).isEqualTo(3);
      assertThat(report.busy()).isEmpty();
    }
  }

  @Test
  void aDiskThatIsWrittenToIsLeftOut() throws Exception {
    VdiUuid snapshot = manager.vdiSnapshot(VdiSnapshot.of(disk));
    manager.vdiAttach(VdiAttach.of(disk, AccessMode.RW));
    manager.vdiAttach(VdiAttach.of(snapshot, AccessMode.RO));
    SrCheckReport report = check(true);
    assertThat(report.findings()).isEmpty();
    assertThat(report.busy()).containsExactly(disk);
    assertThat(report.checked()).isEqualTo(2);
  }

  @Test
  void damageIsNamedWithItsVolumeAndNothingIsChanged() throws Exception {
    VdiUuid other = manager.vdiCreate(VdiCreate.of(sr, "other", SIZE));
    Path file = file(other);
    flip(file, HEADER_CHECKSUM_AT);
    byte[] before = Files.readAllBytes(file);
    SrCheckReport report = check(false);
    assertThat(report.findings()).isNotEmpty().allMatch(f -> f.volume().equals(other));
    assertThat(report.count(VolumeFinding.Severity.ERROR)).isPositive();
    assertThat(report.findings().getFirst().location()).isEqualTo(file.toString());
    assertThat(Files.readAllBytes(file)).isEqualTo(before);
  }

  @Test
  void aMissingParentAndAMissingVolumeAreErrors() throws Exception {
    VdiUuid snapshot = manager.vdiSnapshot(VdiSnapshot.of(disk));
    VdiUuid base = manager.vdi(snapshot).parent().orElseThrow();
    VdiUuid lost = manager.vdiCreate(VdiCreate.of(sr, "lost", SIZE));
    Files.delete(file(base));
    Files.delete(file(lost));
    Map<VdiUuid, List<VolumeFinding>> found =
        check(false).findings().stream().collect(Collectors.groupingBy(VolumeFinding::volume));
    assertThat(found).containsOnlyKeys(disk, snapshot, lost);
    assertThat(found.get(lost))
        .singleElement()
        .satisfies(f -> assertThat(f.name()).isEqualTo("volume-missing"))
        .satisfies(f -> assertThat(f.sentence()).contains("lost"));
    assertThat(found.get(disk)).anyMatch(f -> f.name().equals("parent-refused"));
    assertThat(found.get(snapshot)).anyMatch(f -> f.name().equals("parent-refused"));
  }

  /// A flag that flipped is damage, and no reason to give a disk up.
  @Test
  void aDiskThatIsMarkedAsHiddenIsNotCollected() throws Exception {
    VdiUuid snapshot = manager.vdiSnapshot(VdiSnapshot.of(disk));
    for (VdiUuid vdi : List.of(disk, snapshot)) {
      hide(vdi);
    }
    assertThat(manager.srGcPlan(sr))
        .filteredOn(GcAction.Keep.class::isInstance)
        .extracting(a -> ((GcAction.Keep) a).node())
        .contains(disk, snapshot);
    manager.srGc(sr);
    assertThat(file(disk)).exists();
    assertThat(file(snapshot)).exists();
    assertThat(check(false).findings())
        .extracting(VolumeFinding::name)
        .containsOnly("volume-hidden")
        .hasSize(2);
    assertThat(manager.intents()).isEmpty();
  }

  /// Storage that loses one write of a flag, and says nothing, must not cost a disk.
  @Test
  void aScanTakesTheHiddenFlagFromADisk() throws Exception {
    VdiUuid snapshot = manager.vdiSnapshot(VdiSnapshot.of(disk));
    VdiUuid base = manager.vdi(snapshot).parent().orElseThrow();
    hide(disk);
    hide(snapshot);
    manager.srScan(sr);
    assertThat(hidden()).containsExactly(base);
    assertThat(manager.vdi(disk).managed()).isTrue();
    assertThat(check(false).findings()).isEmpty();
    manager.srGc(sr);
    assertThat(file(disk)).exists();
    assertThat(file(snapshot)).exists();
  }

  /// A snapshot that its disk was put back to has the disk as its child.
  @Test
  void aScanTakesTheHiddenFlagFromASnapshotWithAChildToo() throws Exception {
    VdiUuid snapshot = manager.vdiSnapshot(VdiSnapshot.of(disk));
    manager.vdiRevert(snapshot);
    assertThat(manager.vdi(disk).parent()).contains(snapshot);
    hide(snapshot);
    manager.srScan(sr);
    assertThat(hidden()).doesNotContain(snapshot);
    manager.vdiDestroy(disk);
    assertThat(file(snapshot)).exists();
    assertThat(manager.vdi(snapshot).managed()).isTrue();
    assertThat(check(false).findings()).isEmpty();
  }

  /// As a collection finds it when it looks at the images, between two scans.
  @Test
  void aDiskThatIsMarkedAsHiddenStaysWhenItsLastChildGoes() throws Exception {
    VdiUuid snapshot = manager.vdiSnapshot(VdiSnapshot.of(disk));
    manager.vdiRevert(snapshot);
    hide(snapshot);
    manager.srGcPlan(sr);
    assertThat(hidden()).contains(snapshot);
    manager.vdiDestroy(disk);
    assertThat(file(disk)).doesNotExist();
    assertThat(file(snapshot)).exists();
    manager.srScan(sr);
    assertThat(hidden()).doesNotContain(snapshot);
    manager.vdiDestroy(snapshot);
    assertThat(file(snapshot)).doesNotExist();
  }

  /// What could not be read for a while is still known as the disk that it was.
  @Test
  void aDiskThatIsMarkedAsHiddenAndWasUnreadableForAScanStaysADisk() throws Exception {
    hide(disk);
    byte[] image = Files.readAllBytes(file(disk));
    Files.write(file(disk), new byte[image.length]);
    manager.srScan(sr);
    assertThat(manager.vdi(disk).problem()).isPresent();
    assertThat(manager.vdi(disk).virtualSizeBytes()).isEqualTo(SIZE);
    Files.write(file(disk), image);
    manager.srScan(sr);
    assertThat(manager.vdi(disk).managed()).isTrue();
    assertThat(hidden()).isEmpty();
  }

  /// Who does not know the disk yet has the SR's own description of it.
  @Test
  void aDiskThatIsMarkedAsHiddenIsOneOnAnotherHostToo() throws Exception {
    VdiUuid snapshot = manager.vdiSnapshot(VdiSnapshot.of(disk));
    VdiUuid base = manager.vdi(snapshot).parent().orElseThrow();
    PbdUuid pbd = manager.pbds().getFirst().uuid();
    manager.pbdUnplug(pbd);
    manager.srForget(sr);
    hide(disk);
    manager.srIntroduce(new SrIntroduce(sr, "folder", "", "", false, "user"));
    manager.pbdPlug(
        manager.pbdCreate(
            new PbdCreate(sr, Optional.empty(), FolderDriver.at(folder.resolve("sr")))));
    assertThat(manager.vdi(disk).managed()).isTrue();
    assertThat(manager.vdi(disk).nameLabel()).isEqualTo("disk");
    assertThat(manager.vdi(base).managed()).isFalse();
    assertThat(hidden()).containsExactly(base);
  }

  @Test
  void aDiskThatIsMarkedAsHiddenIsOneAgainOnceItIsAttached() throws Exception {
    hide(disk);
    manager.vdiAttach(VdiAttach.of(disk, AccessMode.RW));
    assertThat(check(false).findings()).isEmpty();
    manager.vdiDetach(disk, VdiAttach.HOST_DOMAIN);
  }

  @Test
  void aDiskThatIsMarkedAsHiddenCanBeSnapshotted() throws Exception {
    hide(disk);
    VdiUuid snapshot = manager.vdiSnapshot(VdiSnapshot.of(disk));
    assertThat(manager.vdi(disk).managed()).isTrue();
    assertThat(manager.vdi(snapshot).managed()).isTrue();
  }

  @Test
  void aDiskThatIsMarkedAsHiddenStaysSoWhileSomethingUnreadableMayDependOnIt() throws Exception {
    VdiUuid other = manager.vdiCreate(VdiCreate.of(sr, "other", SIZE));
    hide(disk);
    Files.write(file(other), new byte[1 << 20]);
    manager.srScan(sr);
    assertThatThrownBy(() -> manager.vdiAttach(VdiAttach.of(disk, AccessMode.RW)))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("it is marked as the base of others")
        .hasMessageContaining(other.toString());
    assertThat(check(false).findings()).extracting(VolumeFinding::name).contains("volume-hidden");
    manager.vdiDestroy(other);
    assertThat(file(disk)).exists();
    manager.srScan(sr);
    assertThat(hidden()).isEmpty();
    manager.vdiAttach(VdiAttach.of(disk, AccessMode.RW));
    manager.vdiDetach(disk, VdiAttach.HOST_DOMAIN);
  }

  @Test
  void whatCantBeCheckedIsRefused() throws Exception {
    try (Bench bench = new Bench(folder.resolve("bench"))) {
      SrUuid memory = bench.sr("a");
      Bench.refused(
          ErrorCode.UNIMPLEMENTED,
          () -> bench.manager.srCheck(memory, false, ProgressListener.NONE));
      Bench.refused(
          ErrorCode.BAD_REQUEST,
          () -> bench.manager.srCheck(SrUuid.random(), false, ProgressListener.NONE));
    }
  }

  private SrCheckReport check(boolean data) throws StorageException {
    return manager.srCheck(sr, data, ProgressListener.NONE);
  }

  private void hide(VdiUuid vdi) throws IOException {
    try (FileContainer image = FileContainer.openReadWrite(file(vdi))) {
      VhdEditor.setHidden(image, true);
    }
  }

  /// What the storage has as hidden.
  private List<VdiUuid> hidden() throws StorageException {
    return Objects.requireNonNull(driver.attached.get(sr)).scan().stream()
        .filter(Volume::hidden)
        .map(Volume::uuid)
        .toList();
  }

  private Path file(VdiUuid vdi) {
    return folder.resolve("sr").resolve(vdi + ".vhd");
  }

  private static void flip(Path file, long offset) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      ByteBuffer one = ByteBuffer.allocate(1);
      channel.read(one, offset);
      channel.write(ByteBuffer.wrap(new byte[] {(byte) ~one.get(0)}), offset);
    }
  }
}
