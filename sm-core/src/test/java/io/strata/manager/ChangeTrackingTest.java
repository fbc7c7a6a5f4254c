// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.block.BlockDevice;
import io.strata.block.GranuleBitmap;
import io.strata.catalog.PbdRecord;
import io.strata.catalog.VdiRecord;
import io.strata.spi.AccessMode;
import io.strata.spi.ChangedBlocks;
import io.strata.spi.ChangedBlocks.ChangeLog;
import io.strata.spi.ErrorCode;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.Volume;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChangeTrackingTest {
  private static final int SIZE = 8 << 20;
  private static final int GRANULE = GranuleBitmap.GRANULE_BYTES;

  @TempDir Path folder;

  private final FolderDriver driver = new FolderDriver();
  private final AtomicLong millis = new AtomicLong(1_800_000_000_000L);
  private final Faults failpoints = new Faults();
  private StorageManager manager;
  private SrUuid sr;
  private SrUuid other;
  private VdiUuid disk;

  @BeforeEach
  void open() throws StorageException {
    manager = start(folder.resolve("home"));
    sr = manager.srCreate(SrCreate.of("folder", "sr", FolderDriver.at(folder.resolve("sr"))));
    other = manager.srCreate(SrCreate.of("folder", "o", FolderDriver.at(folder.resolve("other"))));
    disk = manager.vdiCreate(VdiCreate.of(sr, "disk", SIZE));
  }

  @AfterEach
  void close() {
    manager.close();
  }

  private StorageManager start(Path home) throws StorageException {
    InstantSource ticking = () -> Instant.ofEpochMilli(millis.addAndGet(1000));
    return StorageManager.open(
        new ManagerConfig(
            home,
            List.of(driver),
            ticking.withZone(ZoneOffset.UTC),
            "testhost",
            Duration.ofSeconds(5),
            Duration.ofSeconds(5),
            failpoints,
            false,
            Duration.ofSeconds(5),
            Schedule.SYSTEM));
  }

  @Test
  void changesAreThoseOfTheWritesBetween() throws Exception {
    manager.vdiEnableCbt(disk);
    write(disk, 0, 100);
    VdiUuid first = snapshot();
    write(disk, 5L * GRANULE - 512, 1024);
    VdiUuid second = snapshot();
    write(disk, 20L * GRANULE, 512);
    assertThat(bits(manager.vdiListChangedBlocks(first, second))).isEqualTo(set(4, 5));
    assertThat(bits(manager.vdiListChangedBlocks(second, disk))).isEqualTo(set(20));
    assertThat(bits(manager.vdiListChangedBlocks(first, disk))).isEqualTo(set(4, 5, 20));
    assertThat(manager.vdi(first).cbtEnabled()).isTrue();
  }

  @Test
  void whatCantBeComparedIsRefused() throws Exception {
    VdiUuid untracked = snapshot();
    manager.vdiEnableCbt(disk);
    VdiUuid first = snapshot();
    VdiUuid second = snapshot();
    VdiUuid stranger = manager.vdiCreate(VdiCreate.of(sr, "stranger", SIZE));
    manager.vdiEnableCbt(stranger);
    ErrorCode code = ErrorCode.CBT_CHANGED_BLOCKS_ERROR;
    Bench.refused(code, () -> manager.vdiListChangedBlocks(untracked, first));
    Bench.refused(code, () -> manager.vdiListChangedBlocks(second, first));
    Bench.refused(code, () -> manager.vdiListChangedBlocks(disk, first));
    Bench.refused(code, () -> manager.vdiListChangedBlocks(first, stranger));
    Bench.refused(code, () -> manager.vdiListChangedBlocks(first, first));
    Bench.refused(code, () -> manager.vdiDataDestroy(untracked));
    Bench.refused(ErrorCode.CBT_ACTIVATE_FAILED, () -> manager.vdiEnableCbt(first));
    assertThat(List.of(code.category(), ErrorCode.CBT_ACTIVATE_FAILED.category()))
        .containsOnly(ErrorCode.Category.USER);
  }

  @Test
  void newestSnapshotsDataGoWhenTheNextIsTaken() throws Exception {
    manager.vdiEnableCbt(disk);
    write(disk, 0, 4096);
    VdiUuid first = snapshot();
    manager.vdiDataDestroy(first);
    assertThat(manager.vdi(first).type()).isEqualTo(VdiRecord.CBT_METADATA);
    Bench.refused(
        ErrorCode.VDI_UNAVAILABLE, () -> manager.vdiAttach(VdiAttach.of(first, AccessMode.RO)));
    write(disk, 7L * GRANULE, 512);
    assertThat(bits(manager.vdiListChangedBlocks(first, disk))).isEqualTo(set(7));
    assertThat(volume(first)).isPresent();

    VdiUuid second = snapshot();
    assertThat(volume(first)).isEmpty();
    manager.srGc(sr);
    assertThat(bits(manager.vdiListChangedBlocks(first, second))).isEqualTo(set(7));
    write(disk, 9L * GRANULE, 512);
    assertThat(bits(manager.vdiListChangedBlocks(first, disk))).isEqualTo(set(7, 9));
    manager.srScan(sr);
    assertThat(manager.vdi(first).missing()).isFalse();
    assertThat(manager.vdi(first).managed()).isTrue();
  }

  /// The daemon dies after each step of the destruction; the next start ends it.
  @ParameterizedTest
  @ValueSource(strings = {"recorded", "kept", "deleted"})
  void destructionOfDataThatACrashInterruptsIsEndedByTheNextStart(String step) throws Exception {
    List<VdiUuid> line = threeSnapshots();
    VdiUuid first = line.get(0);
    VdiUuid second = line.get(1);
    VdiUuid third = line.get(2);
    failpoints.dieAt("vdi-data-destroy." + step);
    assertThatThrownBy(() -> manager.vdiDataDestroy(second)).isInstanceOf(Faults.Death.class);
    manager.close();
    manager = start(folder.resolve("home"));
    assertDestroyed(first, second, third);
    manager.vdiDataDestroy(second);
    assertDestroyed(first, second, third);
  }

  /// Snapshots of the disk, with one granule written between each two of them.
  private List<VdiUuid> threeSnapshots() throws Exception {
    manager.vdiEnableCbt(disk);
    VdiUuid first = snapshot();
    write(disk, GRANULE, 512);
    VdiUuid second = snapshot();
    write(disk, 2L * GRANULE, 512);
    return List.of(first, second, snapshot());
  }

  private void assertDestroyed(VdiUuid first, VdiUuid second, VdiUuid third) throws Exception {
    assertThat(volume(second)).isEmpty();
    assertThat(manager.vdi(second).missing()).isFalse();
    assertThat(manager.vdi(second).physicalUtilisationBytes()).isZero();
    assertThat(bits(manager.vdiListChangedBlocks(first, second))).isEqualTo(set(1));
    assertThat(bits(manager.vdiListChangedBlocks(second, third))).isEqualTo(set(2));
    assertThat(bits(manager.vdiListChangedBlocks(first, third))).isEqualTo(set(1, 2));
  }

  @Test
  void destructionOfDataThatFailedIsEndedByTheNextScan() throws Exception {
    List<VdiUuid> line = threeSnapshots();
    VdiUuid first = line.get(0);
    VdiUuid second = line.get(1);
    VdiUuid third = line.get(2);
    driver.refuse(FolderDriver.REPLACING);
    Bench.refused(ErrorCode.IO_ERROR, () -> manager.vdiDataDestroy(second));
    manager.srScan(sr);
    assertThat(volume(second)).isPresent();
    driver.refuse(FolderDriver.NOTHING);
    manager.srScan(sr);
    assertDestroyed(first, second, third);
  }

  @Test
  void snapshotBetweenOthersCanGoAltogether() throws Exception {
    List<VdiUuid> line = threeSnapshots();
    VdiUuid first = line.get(0);
    VdiUuid second = line.get(1);
    VdiUuid third = line.get(2);
    manager.vdiDataDestroy(first);
    manager.vdiDestroy(second);
    assertThat(volume(first)).isEmpty();
    assertThat(bits(manager.vdiListChangedBlocks(first, third))).isEqualTo(set(1, 2));
  }

  /// The newest snapshot goes, and stays as a base under its name, into which the next collection
  /// merges what was written since.
  ///
  /// @param stays whether the log that leads to it is there all the same
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatABaseOfASnapshotsNameHoldsIsNotTakenForTheSnapshot(boolean stays) throws Exception {
    manager.vdiEnableCbt(disk);
    write(disk, 0, SIZE / 2);
    VdiUuid first = snapshot();
    write(disk, GRANULE, 512);
    VdiUuid second = snapshot();
    manager.vdiDataDestroy(first);
    manager.vdiRevert(second);
    manager.srGc(sr);
    ChangeLog log = facet().log(first).orElseThrow();
    manager.vdiDestroy(second);
    if (stays) {
      facet().keepLog(first, log);
    }
    write(disk, 5L * GRANULE, 512);
    VdiUuid third = snapshot();
    manager.srGc(sr);
    assertThat(volume(second)).hasValueSatisfying(base -> assertThat(base.hidden()).isTrue());
    Bench.refused(
        ErrorCode.CBT_METADATA_INCONSISTENT, () -> manager.vdiListChangedBlocks(first, third));
  }

  /// @param stays whether the log that leads to the first one of that name is there all the same
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void laterSnapshotOfTheSameUuidIsNotTakenForTheOneThatWent(boolean stays) throws Exception {
    manager.vdiEnableCbt(disk);
    VdiUuid first = snapshot();
    write(disk, GRANULE, 512);
    VdiUuid second = snapshot();
    manager.vdiDataDestroy(first);
    ChangeLog log = facet().log(first).orElseThrow();
    manager.vdiDestroy(second);
    if (stays) {
      facet().keepLog(first, log);
    }
    write(disk, 5L * GRANULE, 512);
    manager.vdiSnapshot(new VdiSnapshot(disk, Optional.of(second), Optional.empty(), Map.of()));
    Bench.refused(
        ErrorCode.CBT_METADATA_INCONSISTENT, () -> manager.vdiListChangedBlocks(first, second));
    VdiUuid third = snapshot();
    Bench.refused(
        ErrorCode.CBT_METADATA_INCONSISTENT, () -> manager.vdiListChangedBlocks(first, third));
  }

  @Test
  void logThatCantLeadOnGoesBeforeTheSnapshotThatItLedTo() throws Exception {
    manager.vdiEnableCbt(disk);
    VdiUuid first = snapshot();
    VdiUuid second = snapshot();
    manager.vdiDisableCbt(disk);
    snapshot();
    manager.vdiDataDestroy(first);
    driver.refuse((call, _) -> call.equals("delete"));
    Bench.refused(ErrorCode.IO_ERROR, () -> manager.vdiDestroy(second));
    assertThat(facet().log(first)).isPresent();
    driver.refuse(FolderDriver.NOTHING);
    assertThat(manager.vdi(second).managed()).isTrue();
    manager.vdiDestroy(second);
    assertThat(facet().log(first)).isEmpty();
  }

  @Test
  void logThatCouldNotBeLedOnIsNotLeft() throws Exception {
    List<VdiUuid> line = threeSnapshots();
    manager.vdiDataDestroy(line.get(0));
    driver.refuse(FolderDriver.REPLACING);
    manager.vdiDestroy(line.get(1));
    driver.refuse(FolderDriver.NOTHING);
    assertThat(facet().log(line.get(0))).isEmpty();
    Bench.refused(
        ErrorCode.CBT_METADATA_INCONSISTENT,
        () -> manager.vdiListChangedBlocks(line.get(0), line.get(2)));
  }

  private ChangedBlocks facet() {
    return driver.attachedTo(sr).changedBlocks().orElseThrow();
  }

  @Test
  void lostLogIsSaidAndNotGuessed() throws Exception {
    manager.vdiEnableCbt(disk);
    VdiUuid first = snapshot();
    VdiUuid second = snapshot();
    manager.vdiDataDestroy(first);
    facet().dropLog(first);
    Bench.refused(
        ErrorCode.CBT_METADATA_INCONSISTENT, () -> manager.vdiListChangedBlocks(first, second));
  }

  @Test
  void changeInformationMovesToAnotherHostWithTheSr() throws Exception {
    manager.vdiEnableCbt(disk);
    VdiUuid first = snapshot();
    write(disk, 3L * GRANULE, 512);
    VdiUuid second = snapshot();
    manager.vdiDataDestroy(first);
    PbdRecord pbd =
        manager.pbds().stream().filter(p -> p.sr().equals(sr)).findFirst().orElseThrow();
    manager.pbdUnplug(pbd.uuid());
    manager.close();
    manager = start(folder.resolve("elsewhere"));
    manager.srIntroduce(new SrIntroduce(sr, "folder", "sr", "", false, "user"));
    manager.pbdPlug(
        manager.pbdCreate(
            new PbdCreate(sr, Optional.empty(), FolderDriver.at(folder.resolve("sr")))));
    assertThat(manager.vdi(disk).cbtEnabled()).isTrue();
    assertThat(bits(manager.vdiListChangedBlocks(first, second))).isEqualTo(set(3));
  }

  /// Random writes, snapshots, destroyed data and collections. What differs is always marked, and
  /// nothing else than what was touched since.
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void lineOfSnapshotsNeverLosesAChange(long seed) throws Exception {
    Random random = new Random(seed);
    manager.vdiEnableCbt(disk);
    byte[] model = new byte[SIZE];
    List<VdiUuid> line = new ArrayList<>();
    List<byte[]> states = new ArrayList<>();
    List<BitSet> touchedSince = new ArrayList<>();
    for (int round = 0; round < 8; round++) {
      BitSet touched = scribble(model, random);
      touchedSince.forEach(since -> since.or(touched));
      line.add(snapshot());
      states.add(model.clone());
      touchedSince.add(new BitSet());
      if (random.nextInt(3) > 0) {
        manager.vdiDataDestroy(line.get(random.nextInt(line.size())));
      }
      if (random.nextInt(3) == 0) {
        manager.srGc(sr);
      }
      for (int i = 0; i < round; i++) {
        GranuleBitmap changed = manager.vdiListChangedBlocks(line.get(i), line.get(round));
        check(changed, states.get(i), model, touchedSince.get(i), "seed " + seed + " from " + i);
        GranuleBitmap some = manager.vdiListChangedBlocks(line.get(i), line.get(i + 1));
        check(some, states.get(i), states.get(i + 1), touchedSince.get(i), "seed " + seed);
      }
    }
    BitSet touched = scribble(model, random);
    for (int i = 0; i < line.size(); i++) {
      touchedSince.get(i).or(touched);
      GranuleBitmap changed = manager.vdiListChangedBlocks(line.get(i), disk);
      check(changed, states.get(i), model, touchedSince.get(i), "seed " + seed + " to the disk");
    }
  }

  private static void check(
      GranuleBitmap changed, byte[] from, byte[] to, BitSet touched, String which) {
    for (int g = 0; g < changed.granules(); g++) {
      int start = g * GRANULE;
      if (!Arrays.equals(from, start, start + GRANULE, to, start, start + GRANULE)) {
        assertThat(changed.marked(g)).as("%s, granule %d", which, g).isTrue();
      }
      if (changed.marked(g)) {
        assertThat(touched.get(g)).as("%s, granule %d", which, g).isTrue();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void fullAndIncrementalImageGiveTheLaterSnapshotElsewhere(long seed) throws Exception {
    Random random = new Random(seed);
    byte[] model = new byte[SIZE];
    scribble(model, random);
    VdiUuid first = snapshot();
    scribble(model, random);
    VdiUuid second = snapshot();
    byte[] full = export(first, Optional.empty());
    byte[] increment = export(second, Optional.of(first));
    VdiUuid target = importImage(full, Optional.empty());
    assertThat(importImage(increment, Optional.of(target))).isEqualTo(target);
    assertThat(content(other, target)).as("seed %d", seed).isEqualTo(model);
    Bench.refused(ErrorCode.VDI_TYPE, () -> importImage(increment, Optional.of(target)));
  }

  @Test
  void incrementHoldsLittleMoreThanWhatChanged() throws Exception {
    VdiUuid large = manager.vdiCreate(VdiCreate.of(sr, "large", 256L << 20));
    disk = large;
    for (int i = 0; i < 20; i++) {
      write(large, (long) i << 21, 1 << 21);
    }
    VdiUuid first = snapshot();
    write(large, 0, 512);
    VdiUuid second = snapshot();
    assertThat(export(first, Optional.empty()).length).isGreaterThan(20 << 21);
    assertThat(export(second, Optional.of(first)).length).isLessThan(3 << 20);
  }

  @Test
  void incrementGoesOnNothingButItsBase() throws Exception {
    write(disk, 0, 512);
    VdiUuid first = snapshot();
    write(disk, 1 << 20, 512);
    VdiUuid second = snapshot();
    byte[] increment = export(second, Optional.of(first));
    VdiUuid stranger = manager.vdiCreate(VdiCreate.of(other, "stranger", SIZE));
    Bench.refused(ErrorCode.VDI_TYPE, () -> importImage(increment, Optional.of(stranger)));
    Bench.refused(ErrorCode.VDI_TYPE, () -> importImage(increment, Optional.empty()));

    VdiUuid attached = manager.vdiClone(VdiClone.of(first));
    manager.vdiAttach(VdiAttach.of(attached, AccessMode.RW));
    manager.vdiDetach(attached, VdiAttach.HOST_DOMAIN);
    Bench.refused(ErrorCode.VDI_TYPE, () -> importImage(increment, Optional.of(attached)));

    VdiUuid clone = manager.vdiClone(VdiClone.of(first));
    importImage(increment, Optional.of(clone));
    assertThat(content(sr, clone)).isEqualTo(content(sr, second));
    VdiUuid copy =
        manager.vdiCopy(
            new VdiCopy(
                first,
                Optional.of(other),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                true,
                (d, t) -> {}));
    importImage(increment, Optional.of(copy));
    assertThat(content(other, copy)).isEqualTo(content(sr, second));
  }

  /// What backups keep of a snapshot is all that an increment upon it needs.
  @Test
  void incrementsGoOnUponASnapshotWhoseDataWereDestroyed() throws Exception {
    manager.vdiEnableCbt(disk);
    write(disk, 0, 512);
    VdiUuid first = snapshot();
    byte[] full = export(first, Optional.empty());
    write(disk, 100_000, 70_000);
    VdiUuid second = snapshot();
    manager.vdiDataDestroy(first);
    assertThat(driver.attachedTo(sr).volume(first)).isEmpty();
    VdiUuid target = importImage(full, Optional.empty());
    importImage(export(second, Optional.of(first)), Optional.of(target));
    assertThat(content(other, target)).isEqualTo(content(sr, second));
    VdiUuid copied = importImage(full, Optional.empty());
    manager.vdiCopy(
        new VdiCopy(
            second,
            Optional.empty(),
            Optional.of(copied),
            Optional.of(first),
            Optional.empty(),
            true,
            (d, t) -> {}));
    assertThat(content(other, copied)).isEqualTo(content(sr, second));
  }

  /// A refused increment changes nothing, so that the same image goes on once the disk was grown.
  @Test
  void incrementOfAGrownDiskGoesOnOnceItsBaseIsGrown() throws Exception {
    write(disk, 0, 512);
    VdiUuid first = snapshot();
    manager.vdiResize(disk, SIZE + (4L << 20));
    write(disk, SIZE + (1L << 20), 512);
    VdiUuid second = snapshot();
    byte[] increment = export(second, Optional.of(first));
    VdiUuid target = importImage(export(first, Optional.empty()), Optional.empty());
    Bench.refused(ErrorCode.VDI_SIZE, () -> importImage(increment, Optional.of(target)));
    manager.vdiResize(target, SIZE + (4L << 20));
    importImage(increment, Optional.of(target));
    assertThat(content(other, target)).isEqualTo(content(sr, second));
  }

  @Test
  void incrementHoldsNothingOfAGrowthThatNobodyWrote() throws Exception {
    write(disk, 0, 512);
    VdiUuid first = snapshot();
    manager.vdiResize(disk, 8L * SIZE);
    write(disk, SIZE + (9L << 20), 512);
    VdiUuid second = snapshot();
    byte[] increment = export(second, Optional.of(first));
    assertThat(increment.length).isLessThan(3 << 20);
    VdiUuid target = importImage(export(first, Optional.empty()), Optional.empty());
    manager.vdiResize(target, 8L * SIZE);
    importImage(increment, Optional.of(target));
    assertThat(content(other, target)).isEqualTo(content(sr, second));
  }

  @Test
  void trimGivesTheSpaceBackWhereItsIncrementGoes() throws Exception {
    write(disk, 0, SIZE);
    VdiUuid first = snapshot();
    try (BlockDevice device = driver.attachedTo(sr).open(disk, AccessMode.RW)) {
      device.discard(GRANULE, SIZE - GRANULE);
      device.flush();
    }
    VdiUuid second = snapshot();
    VdiUuid target = importImage(export(first, Optional.empty()), Optional.empty());
    long before = manager.vdi(target).physicalUtilisationBytes();
    importImage(export(second, Optional.of(first)), Optional.of(target));
    assertThat(content(other, target)).isEqualTo(content(sr, second));
    assertThat(manager.vdi(target).physicalUtilisationBytes()).isLessThan(before / 2);
  }

  /// What the larger one holds beyond would stay on the disk that the increment goes on.
  @Test
  void incrementThatWouldMakeADiskSmallerIsRefused() throws Exception {
    VdiUuid small = snapshot();
    manager.vdiResize(disk, 2L * SIZE);
    write(disk, SIZE + 512, 512);
    VdiUuid large = snapshot();
    Bench.refused(ErrorCode.VDI_SIZE, () -> export(small, Optional.of(large)));
    VdiUuid target = importImage(export(large, Optional.empty()), Optional.empty());
    Bench.refused(
        ErrorCode.VDI_SIZE,
        () ->
            manager.vdiCopy(
                new VdiCopy(
                    small,
                    Optional.empty(),
                    Optional.of(target),
                    Optional.of(large),
                    Optional.empty(),
                    true,
                    (d, t) -> {})));
    assertThat(content(other, target)).isEqualTo(content(sr, large));
  }

  @Test
  void fullImageThatIsTooLargeLeavesTheDiskAsItWas() throws Exception {
    write(disk, 0, 512);
    VdiUuid first = snapshot();
    VdiUuid target = importImage(export(first, Optional.empty()), Optional.empty());
    VdiUuid large = manager.vdiCreate(VdiCreate.of(sr, "large", 2L * SIZE));
    byte[] image = export(large, Optional.empty());
    Bench.refused(ErrorCode.VDI_SIZE, () -> importImage(image, Optional.of(target)));
    assertThat(content(other, target)).isEqualTo(content(sr, first));
    assertThat(manager.vdi(target).contentId()).contains(first.toString());
  }

  private byte[] export(VdiUuid vdi, Optional<VdiUuid> base) throws StorageException {
    ByteArrayOutputStream image = new ByteArrayOutputStream();
    manager.vdiExport(new VdiExport(vdi, base, ImageFormat.VHD, image, (d, t) -> {}));
    return image.toByteArray();
  }

  private VdiUuid importImage(byte[] image, Optional<VdiUuid> into) throws StorageException {
    Optional<VdiCreate> create =
        into.isPresent() ? Optional.empty() : Optional.of(VdiCreate.of(other, "imported", 0));
    return manager.vdiImport(
        new VdiImport(
            into, create, ImageFormat.VHD, new ByteArrayInputStream(image), (d, t) -> {}));
  }

  private VdiUuid snapshot() throws StorageException {
    return manager.vdiSnapshot(VdiSnapshot.of(disk));
  }

  private Optional<Volume> volume(VdiUuid vdi) throws StorageException {
    return driver.attachedTo(sr).volume(vdi);
  }

  private BitSet scribble(byte[] model, Random random) throws IOException, StorageException {
    BitSet touched = new BitSet();
    try (BlockDevice device = driver.attachedTo(sr).open(disk, AccessMode.RW)) {
      for (int i = 0; i < 4; i++) {
        int offset = random.nextInt(SIZE / 512) * 512;
        int length = Math.min(SIZE - offset, (1 + random.nextInt(400)) * 512);
        touched.set(offset / GRANULE, (offset + length - 1) / GRANULE + 1);
        if (random.nextInt(4) == 0) {
          device.discard(offset, length);
          Arrays.fill(model, offset, offset + length, (byte) 0);
        } else {
          byte[] bytes = new byte[length];
          random.nextBytes(bytes);
          device.write(offset, ByteBuffer.wrap(bytes));
          System.arraycopy(bytes, 0, model, offset, length);
        }
      }
      device.flush();
    }
    return touched;
  }

  private void write(VdiUuid vdi, long offset, int length) throws IOException, StorageException {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) 7);
    try (BlockDevice device = driver.attachedTo(sr).open(vdi, AccessMode.RW)) {
      device.write(offset, ByteBuffer.wrap(bytes));
      device.flush();
    }
  }

  private byte[] content(SrUuid in, VdiUuid vdi) throws IOException, StorageException {
    try (BlockDevice device = driver.attachedTo(in).open(vdi, AccessMode.RO)) {
      ByteBuffer bytes = ByteBuffer.allocate((int) device.sizeBytes());
      device.read(0, bytes);
      return bytes.array();
    }
  }

  private static BitSet bits(GranuleBitmap bitmap) {
    BitSet set = new BitSet();
    for (int g = 0; g < bitmap.granules(); g++) {
      set.set(g, bitmap.marked(g));
    }
    return set;
  }

  private static BitSet set(int... granules) {
    BitSet set = new BitSet();
    Arrays.stream(granules).forEach(set::set);
    return set;
  }
}
