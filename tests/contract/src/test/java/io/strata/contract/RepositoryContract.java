// SPDX-License-Identifier: Apache-2.0
package io.strata.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.block.BlockDevice;
import io.strata.block.BlockDevice.Durability;
import io.strata.block.BlockDevice.Zeroing;
import io.strata.spi.AccessMode;
import io.strata.spi.Clones.CloneSpec;
import io.strata.spi.DeviceConfig;
import io.strata.spi.ErrorCode;
import io.strata.spi.Replacement;
import io.strata.spi.Snapshots.Prepared;
import io.strata.spi.Snapshots.SnapshotSpec;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.Volume;
import io.strata.spi.VolumeSpec;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What every driver must do, seen through the SPI only. A subclass says which driver.
///
/// Random tests print their seed; `-Dstrata.seed=N` runs them again from it.
abstract class RepositoryContract {
  private static final long MIB = 1 << 20;
  private static final long SIZE_BYTES = 4 * MIB;
  private static final int DEEP = 40;

  @TempDir Path folder;
  private SrFixture sr;

  /// The SR type.
  abstract String type();

  /// The configuration of an SR in a folder that does not exist yet.
  DeviceConfig config(Path place) throws Exception {
    return new DeviceConfig(Map.of("location", place.toString()));
  }

  @BeforeEach
  void attach() throws Exception {
    sr = SrFixture.create(type(), config(folder.resolve("sr")));
  }

  /// Takes away what [#config] made.
  void release() throws Exception {}

  @AfterEach
  void detach() throws Exception {
    try {
      if (sr != null) {
        sr.close();
      }
    } finally {
      release();
    }
  }

  private static Random random() {
    long seed = Long.getLong("strata.seed", new Random().nextLong());
    System.out.println("seed " + seed);
    return new Random(seed);
  }

  private static void put(BlockDevice device, long offsetBytes, String text) throws Exception {
    device.write(offsetBytes, ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
  }

  private static String get(BlockDevice device, long offsetBytes, int length) throws Exception {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    device.read(offsetBytes, bytes);
    return new String(bytes.array(), StandardCharsets.UTF_8);
  }

  private void put(VdiUuid vdi, long offsetBytes, String text) throws Exception {
    try (BlockDevice device = sr.open(vdi, AccessMode.RW)) {
      put(device, offsetBytes, text);
      device.flush();
    }
  }

  private String get(VdiUuid vdi, long offsetBytes, int length) throws Exception {
    try (BlockDevice device = sr.open(vdi, AccessMode.RO)) {
      return get(device, offsetBytes, length);
    }
  }

  private static ErrorCode refusal(ThrowingCall call) {
    try {
      call.run();
    } catch (StorageException refused) {
      return refused.code();
    } catch (Exception other) {
      throw new AssertionError("not a StorageException", other);
    }
    throw new AssertionError("nothing was refused");
  }

  /// A call that may be refused.
  @FunctionalInterface
  private interface ThrowingCall {
    void run() throws Exception;
  }

  @Test
  void emptySrHoldsNothingAndSaysItsSize() throws Exception {
    assertThat(sr.repository().scan()).isEmpty();
    assertThat(sr.repository().stat().totalBytes()).isPositive();
    assertThat(sr.repository().stat().freeBytes())
        .isBetween(1L, sr.repository().stat().totalBytes());
  }

  @Test
  void newVolumesReadAsZeroesAndAreAtLeastAsLargeAsAsked() throws Exception {
    for (long size : new long[] {1, 511, 512, MIB, 2 * MIB + 1, 5 * MIB}) {
      VdiUuid vdi = VdiUuid.random();
      Volume volume = sr.repository().create(vdi, new VolumeSpec(size, Volume.Kind.VHD));
      assertThat(volume.virtualSizeBytes()).isGreaterThanOrEqualTo(size);
      assertThat(volume.hidden()).isFalse();
      new Model(volume.virtualSizeBytes()).verify(sr, vdi);
    }
  }

  @Test
  void impossibleSizesAreRefused() {
    for (long size : new long[] {0, -1, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 62}) {
      VolumeSpec spec = new VolumeSpec(size, Volume.Kind.VHD);
      assertThat(refusal(() -> sr.repository().create(VdiUuid.random(), spec)))
          .isEqualTo(ErrorCode.VDI_SIZE);
    }
  }

  @Test
  void contentSurvivesAttachingAgain() throws Exception {
    VdiUuid vdi = sr.create(SIZE_BYTES);
    put(vdi, 12345, "still here");
    sr.reattach();
    assertThat(get(vdi, 12345, 10)).isEqualTo("still here");
    sr.reattach();
    assertThat(get(vdi, 12345, 10)).isEqualTo("still here");
  }

  @Test
  void secondWriterIsRefusedUntilTheFirstIsClosed() throws Exception {
    VdiUuid vdi = sr.create(SIZE_BYTES);
    BlockDevice first = sr.open(vdi, AccessMode.RW);
    assertThat(refusal(() -> sr.open(vdi, AccessMode.RW).close())).isEqualTo(ErrorCode.VDI_IN_USE);
    first.close();
    sr.open(vdi, AccessMode.RW).close();
  }

  @Test
  void readOnlyDeviceRefusesChanges() throws Exception {
    VdiUuid vdi = sr.create(SIZE_BYTES);
    try (BlockDevice device = sr.open(vdi, AccessMode.RO)) {
      assertThat(device.readOnly()).isTrue();
      assertThatThrownBy(() -> put(device, 0, "x")).isInstanceOf(java.io.IOException.class);
    }
  }

  @Test
  void absentVolumesAreMissing() throws Exception {
    VdiUuid absent = VdiUuid.random();
    assertThat(refusal(() -> sr.open(absent, AccessMode.RO).close()))
        .isEqualTo(ErrorCode.VDI_MISSING);
    assertThat(refusal(() -> sr.repository().resize(absent, SIZE_BYTES)))
        .isEqualTo(ErrorCode.VDI_MISSING);
    assertThat(refusal(() -> sr.snapshot(absent))).isEqualTo(ErrorCode.VDI_MISSING);
    assertThat(refusal(() -> sr.clone(absent))).isEqualTo(ErrorCode.VDI_MISSING);
    sr.repository().delete(absent);
  }

  @Test
  void snapshotKeepsThePointInTimeWhileTheVolumeIsWritten() throws Exception {
    VdiUuid vdi = sr.create(SIZE_BYTES);
    BlockDevice device = sr.open(vdi, AccessMode.RW);
    put(device, 0, "before");
    SnapshotSpec spec = new SnapshotSpec(vdi, VdiUuid.random(), VdiUuid.random());
    Prepared prepared = sr.repository().snapshots().orElseThrow().prepare(spec);
    put(device, 100, "during");
    device.flush();
    Replacement replacement = prepared.commit();
    prepared.release();
    BlockDevice next = replacement.device().orElse(device);
    put(next, 0, "after!");
    next.flush();
    assertThat(get(next, 100, 6)).isEqualTo("during");
    assertThat(get(spec.snapshot(), 0, 6)).isEqualTo("before");
    assertThat(get(spec.snapshot(), 100, 6)).isEqualTo("during");
    next.close();
    sr.reattach();
    assertThat(get(vdi, 0, 6)).isEqualTo("after!");
    assertThat(get(spec.snapshot(), 0, 6)).isEqualTo("before");
  }

  @Test
  void abandonedSnapshotLeavesNoTrace() throws Exception {
    VdiUuid vdi = sr.create(SIZE_BYTES);
    put(vdi, 0, "before");
    SnapshotSpec spec = new SnapshotSpec(vdi, VdiUuid.random(), VdiUuid.random());
    sr.repository().snapshots().orElseThrow().prepare(spec).abandon();
    assertThat(sr.repository().scan()).hasSize(1);
    assertThat(sr.repository().snapshots().orElseThrow().recover(spec)).isFalse();
    assertThat(get(vdi, 0, 6)).isEqualTo("before");
  }

  @Test
  void everyCallMayBeReplayed() throws Exception {
    VdiUuid vdi = VdiUuid.random();
    VolumeSpec volume = new VolumeSpec(SIZE_BYTES, Volume.Kind.VHD);
    sr.repository().create(vdi, volume);
    put(vdi, 0, "content");
    sr.repository().create(vdi, volume);
    assertThat(get(vdi, 0, 7)).isEqualTo("content");
    SnapshotSpec snapshot = new SnapshotSpec(vdi, VdiUuid.random(), VdiUuid.random());
    CloneSpec clone = new CloneSpec(snapshot.snapshot(), VdiUuid.random(), VdiUuid.random());
    for (int i = 0; i < 2; i++) {
      sr.repository().snapshots().orElseThrow().prepare(snapshot).commit();
      assertThat(sr.repository().snapshots().orElseThrow().recover(snapshot)).isTrue();
      sr.repository().clones().orElseThrow().clone(clone);
    }
    assertThat(sr.visible()).isEqualTo(3);
    assertThat(get(clone.copy(), 0, 7)).isEqualTo("content");
    for (int i = 0; i < 2; i++) {
      sr.repository().resize(vdi, 2 * SIZE_BYTES);
      sr.repository().delete(clone.copy());
    }
    assertThat(sr.visible()).isEqualTo(2);
  }

  @Test
  void clonesAndTheirClonesDiverge() throws Exception {
    VdiUuid vdi = sr.create(SIZE_BYTES);
    put(vdi, 0, "one");
    VdiUuid second = sr.clone(vdi);
    put(second, 3, "two");
    VdiUuid third = sr.clone(second);
    put(third, 6, "three");
    put(vdi, 3, "own");
    put(second, 6, "SECOND");
    assertThat(get(vdi, 0, 6)).isEqualTo("oneown");
    assertThat(get(second, 0, 12)).isEqualTo("onetwoSECOND");
    assertThat(get(third, 0, 11)).isEqualTo("onetwothree");
  }

  @Test
  void snapshotIsClonedWhileItIsRead() throws Exception {
    VdiUuid vdi = sr.create(SIZE_BYTES);
    put(vdi, 0, "shared");
    VdiUuid snapshot = sr.snapshot(vdi);
    try (BlockDevice reader = sr.open(snapshot, AccessMode.RO)) {
      VdiUuid copy = sr.clone(snapshot);
      put(copy, 0, "copied");
      assertThat(get(reader, 0, 6)).isEqualTo("shared");
      assertThat(get(copy, 0, 6)).isEqualTo("copied");
    }
  }

  @Test
  void volumeOpenForWritingIsNotCloned() throws Exception {
    VdiUuid vdi = sr.create(SIZE_BYTES);
    try (BlockDevice writer = sr.open(vdi, AccessMode.RW)) {
      assertThat(writer.readOnly()).isFalse();
      assertThat(refusal(() -> sr.clone(vdi))).isEqualTo(ErrorCode.VDI_IN_USE);
    }
  }

  @Test
  void revertBringsTheSnapshotsContentBack() throws Exception {
    VdiUuid vdi = sr.create(SIZE_BYTES);
    put(vdi, 0, "before");
    VdiUuid snapshot = sr.snapshot(vdi);
    put(vdi, 0, "after!");
    sr.repository().snapshots().orElseThrow().revert(vdi, snapshot, VdiUuid.random());
    assertThat(get(vdi, 0, 6)).isEqualTo("before");
    put(vdi, 0, "again!");
    sr.reattach();
    assertThat(get(vdi, 0, 6)).isEqualTo("again!");
    assertThat(get(snapshot, 0, 6)).isEqualTo("before");
    assertThat(sr.visible()).isEqualTo(2);
  }

  @Test
  void deletingInAnyOrderKeepsTheOthersBytesAndGivesTheSpaceBack() throws Exception {
    Random random = random();
    for (int round = 0; round < 6; round++) {
      long free = sr.repository().stat().freeBytes();
      Map<VdiUuid, String> expected = new HashMap<>();
      VdiUuid vdi = sr.create(SIZE_BYTES);
      put(vdi, 0, "v0");
      expected.put(vdi, "v0");
      for (int i = 1; i < 4; i++) {
        expected.put(sr.snapshot(vdi), "v" + (i - 1));
        put(vdi, 0, "v" + i);
        expected.put(vdi, "v" + i);
        expected.put(sr.clone(vdi), "v" + i);
      }
      List<VdiUuid> order = new ArrayList<>(expected.keySet());
      Collections.shuffle(order, random);
      for (VdiUuid deleted : order) {
        sr.repository().delete(deleted);
        expected.remove(deleted);
        assertThat(sr.visible()).isEqualTo(expected.size());
        for (Map.Entry<VdiUuid, String> left : expected.entrySet()) {
          assertThat(get(left.getKey(), 0, 2)).isEqualTo(left.getValue());
        }
      }
      assertThat(sr.repository().scan()).isEmpty();
      if (sr.driver.describe().simulator()) {
        assertThat(sr.repository().stat().freeBytes()).isEqualTo(free);
      }
    }
  }

  @Test
  void fortySnapshotsDeepEachKeepsItsPointInTime() throws Exception {
    VdiUuid vdi = sr.create(SIZE_BYTES);
    BlockDevice device = sr.open(vdi, AccessMode.RW);
    List<VdiUuid> snapshots = new ArrayList<>();
    for (int i = 0; i < DEEP; i++) {
      put(device, 1000L * i, "layer " + (10 + i));
      device.flush();
      SnapshotSpec spec = new SnapshotSpec(vdi, VdiUuid.random(), VdiUuid.random());
      BlockDevice before = device;
      Prepared prepared = sr.repository().snapshots().orElseThrow().prepare(spec);
      device = prepared.commit().device().orElse(before);
      prepared.release();
      snapshots.add(spec.snapshot());
    }
    device.close();
    sr.reattach();
    for (int i = 0; i < DEEP; i++) {
      assertThat(get(vdi, 1000L * i, 8)).isEqualTo("layer " + (10 + i));
      assertThat(get(snapshots.get(i), 1000L * i, 8)).isEqualTo("layer " + (10 + i));
      assertThat(get(snapshots.get(i), 1000L * (i + 1), 8)).isEqualTo("\0".repeat(8));
    }
  }

  @Test
  void resizeKeepsTheBytesAndAddsZeroes() throws Exception {
    Random random = random();
    VdiUuid vdi = sr.create(SIZE_BYTES);
    Model model = new Model(SIZE_BYTES);
    try (BlockDevice device = sr.open(vdi, AccessMode.RW)) {
      for (int i = 0; i < 20; i++) {
        model.change(device, random);
      }
      device.flush();
    }
    VdiUuid snapshot = sr.snapshot(vdi);
    sr.repository().resize(vdi, 10 * MIB);
    Model larger = model.resized(10 * MIB);
    larger.verify(sr, vdi);
    model.verify(sr, snapshot);
    try (BlockDevice device = sr.open(vdi, AccessMode.RW)) {
      for (int i = 0; i < 20; i++) {
        larger.change(device, random);
      }
      device.flush();
    }
    sr.reattach();
    larger.verify(sr, vdi);
    assertThat(refusal(() -> sr.repository().resize(vdi, SIZE_BYTES)))
        .isEqualTo(ErrorCode.VDI_SIZE);
  }

  @Test
  void openVolumeIsResizedByReplacement() throws Exception {
    VdiUuid vdi = sr.create(SIZE_BYTES);
    BlockDevice device = sr.open(vdi, AccessMode.RW);
    put(device, SIZE_BYTES - 3, "end");
    device.flush();
    BlockDevice next = sr.repository().resize(vdi, 8 * MIB).device().orElse(device);
    assertThat(next.sizeBytes()).isEqualTo(8 * MIB);
    assertThat(get(next, SIZE_BYTES - 3, 3)).isEqualTo("end");
    put(next, 8 * MIB - 3, "END");
    next.flush();
    next.close();
    assertThat(get(vdi, 8 * MIB - 3, 3)).isEqualTo("END");
  }

  @Test
  void trimmedAndZeroedDataOfTheParentDoesNotReappear() throws Exception {
    VdiUuid vdi = sr.create(SIZE_BYTES);
    put(vdi, 0, "secret".repeat(40_000));
    VdiUuid snapshot = sr.snapshot(vdi);
    try (BlockDevice device = sr.open(vdi, AccessMode.RW)) {
      device.writeZeroes(0, 100_000, Zeroing.MAY_DEALLOCATE, Durability.FUA);
      device.discard(131_072, 65_536);
      device.flush();
    }
    sr.reattach();
    assertThat(get(vdi, 99_994, 6)).isEqualTo("\0".repeat(6));
    assertThat(get(vdi, 131_072, 12)).isIn("\0".repeat(12), get(snapshot, 131_072, 12));
    assertThat(get(snapshot, 0, 6)).isEqualTo("secret");
  }

  @Test
  void thinVolumesTakeNoSpaceBeforeTheyAreWritten() throws Exception {
    VdiUuid vdi = sr.create(512 * MIB);
    assertThat(physicalBytes(vdi)).isLessThan(32 * MIB);
    put(vdi, 0, "x".repeat((int) (8 * MIB)));
    assertThat(physicalBytes(vdi)).isGreaterThanOrEqualTo(8 * MIB);
  }

  private long physicalBytes(VdiUuid vdi) throws Exception {
    return sr.repository().scan().stream()
        .filter(v -> v.uuid().equals(vdi))
        .findFirst()
        .orElseThrow()
        .physicalBytes();
  }

  @Test
  void metadataComesBackWholeOrNotAtAll() throws Exception {
    assertThat(sr.repository().metadata().read()).isEmpty();
    for (int size : new int[] {0, 1, 5000, 1 << 20, 10}) {
      byte[] content = new byte[size];
      new Random(size).nextBytes(content);
      sr.repository().metadata().write(content);
      sr.reattach();
      assertThat(sr.repository().metadata().read()).hasValue(content);
    }
    assertThat(sr.repository().scan()).isEmpty();
  }

  @Test
  void secondSrInTheSamePlaceIsRefused() throws Exception {
    SrUuid other = SrUuid.random();
    assertThat(refusal(() -> sr.driver.create(other, sr.config())))
        .isIn(ErrorCode.SR_IN_USE, ErrorCode.SR_EXISTS);
    assertThat(refusal(() -> sr.driver.attach(other, sr.config()).close()))
        .isIn(ErrorCode.SR_IN_USE, ErrorCode.SR_UNAVAILABLE);
    assertThat(refusal(() -> sr.driver.destroy(other, sr.config())))
        .isIn(ErrorCode.SR_IN_USE, ErrorCode.SR_UNAVAILABLE);
  }

  @Test
  void creatingTheSrAgainKeepsItsVolumes() throws Exception {
    VdiUuid vdi = sr.create(SIZE_BYTES);
    put(vdi, 0, "kept");
    sr.close();
    sr.driver.create(sr.sr, sr.config());
    sr.reattach();
    assertThat(get(vdi, 0, 4)).isEqualTo("kept");
  }

  @Test
  void srWithVolumesIsNotDestroyed() throws Exception {
    VdiUuid vdi = sr.create(SIZE_BYTES);
    sr.close();
    assertThat(refusal(() -> sr.driver.destroy(sr.sr, sr.config())))
        .isEqualTo(ErrorCode.SR_NOT_EMPTY);
    sr.reattach();
    sr.repository().delete(vdi);
    sr.close();
    sr.driver.destroy(sr.sr, sr.config());
    sr.driver.destroy(sr.sr, sr.config());
    sr = SrFixture.create(type(), sr.config());
    assertThat(sr.repository().scan()).isEmpty();
  }

  @Test
  void awkwardConfigurationsAreTheUsersErrors() {
    for (String location : new String[] {"", "relative", "/line\nbreak", "/", "\u0000"}) {
      DeviceConfig awkward = new DeviceConfig(Map.of("location", location));
      assertThat(refusal(() -> sr.driver.create(SrUuid.random(), awkward)).category())
          .as("location '%s'", location)
          .isEqualTo(ErrorCode.Category.USER);
    }
    DeviceConfig none = new DeviceConfig(Map.of());
    assertThat(refusal(() -> sr.driver.create(SrUuid.random(), none)).category())
        .isEqualTo(ErrorCode.Category.USER);
  }

  @Test
  void randomOperationsAgreeWithTheModel() throws Exception {
    Random random = random();
    Map<VdiUuid, Model> models = new HashMap<>();
    models.put(sr.create(SIZE_BYTES), new Model(SIZE_BYTES));
    for (int step = 0; step < 120; step++) {
      List<VdiUuid> vdis = models.keySet().stream().sorted().toList();
      VdiUuid vdi = vdis.get(random.nextInt(vdis.size()));
      switch (random.nextInt(10)) {
        case 0 -> {
          // Snapshots are only read in this test through their clones, so they may be written.
          models.put(sr.snapshot(vdi), model(models, vdi).copy());
        }
        case 1 -> models.put(sr.clone(vdi), model(models, vdi).copy());
        case 2 -> {
          if (vdis.size() > 1) {
            sr.repository().delete(vdi);
            models.remove(vdi);
          }
        }
        case 3 -> sr.reattach();
        case 4 -> model(models, vdi).verify(sr, vdi);
        default -> {
          try (BlockDevice device = sr.open(vdi, AccessMode.RW)) {
            model(models, vdi).change(device, random);
            device.flush();
          }
        }
      }
      if (models.size() > 12) {
        VdiUuid removed = vdis.getFirst();
        sr.repository().delete(removed);
        models.remove(removed);
      }
    }
    for (Map.Entry<VdiUuid, Model> each : models.entrySet()) {
      each.getValue().verify(sr, each.getKey());
    }
    assertThat(sr.visible()).isEqualTo(models.size());
  }

  private static Model model(Map<VdiUuid, Model> models, VdiUuid vdi) {
    Model model = models.get(vdi);
    if (model == null) {
      throw new AssertionError("no model of " + vdi);
    }
    return model;
  }
}
