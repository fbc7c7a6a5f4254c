// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.catalog.PbdRecord;
import io.strata.catalog.SrRecord;
import io.strata.catalog.VdiMap;
import io.strata.catalog.VdiRecord;
import io.strata.spi.AccessMode;
import io.strata.spi.ErrorCode;
import io.strata.spi.PbdUuid;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SrLifeTest {
  @TempDir Path home;
  private Bench bench;

  @BeforeEach
  void open() throws StorageException {
    bench = new Bench(home);
  }

  @AfterEach
  void close() {
    bench.close();
  }

  private PbdUuid pbdOf(SrUuid sr) throws StorageException {
    return bench.manager.pbds().stream()
        .filter(pbd -> pbd.sr().equals(sr))
        .map(PbdRecord::uuid)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void createdSrIsPlugged() throws Exception {
    SrUuid sr = bench.sr("a");
    assertThat(bench.manager.sr(sr).nameLabel()).isEqualTo("sr at a");
    assertThat(bench.manager.pbd(pbdOf(sr)).currentlyAttached()).isTrue();
    assertThat(bench.manager.sr(sr).physicalSizeBytes()).isEqualTo(1L << 40);
  }

  @Test
  void sameStorageTwiceIsRefused() throws Exception {
    bench.sr("a");
    Bench.refused(ErrorCode.SR_IN_USE, () -> bench.sr("a"));
    assertThat(bench.manager.srs()).hasSize(1);
    assertThat(bench.manager.intents()).isEmpty();
  }

  @Test
  void storageOfAnotherSrIsLeftAloneWhenCreateIsRefused() throws Exception {
    SrUuid first = bench.sr("a");
    VdiUuid vdi = bench.vdi(first, "kept");
    bench.manager.pbdUnplug(pbdOf(first));
    bench.manager.srForget(first);
    Bench.refused(ErrorCode.SR_IN_USE, () -> bench.sr("a"));
    bench.restart();
    assertThat(bench.storage.place("a").nodes).containsKey(vdi);
  }

  @Test
  void failedCreateLeavesNothing() throws Exception {
    bench.faults.fail("driver.attach");
    Bench.refused(ErrorCode.IO_ERROR, () -> bench.sr("a"));
    assertThat(bench.manager.srs()).isEmpty();
    assertThat(bench.manager.pbds()).isEmpty();
    assertThat(bench.manager.intents()).isEmpty();
    assertThat(bench.storage.place("a").sr).isEmpty();
  }

  @Test
  void unknownTypeIsRefused() {
    Bench.refused(
        ErrorCode.SR_UNKNOWN_TYPE,
        () -> bench.manager.srCreate(SrCreate.of("tape", "x", Bench.at("a"))));
  }

  @Test
  void destroyIsRefusedWhileThereAreVdis() throws Exception {
    SrUuid sr = bench.sr("a");
    VdiUuid vdi = bench.vdi(sr, "disk");
    Bench.refused(ErrorCode.SR_NOT_EMPTY, () -> bench.manager.srDestroy(sr));
    bench.manager.vdiForget(vdi);
    Bench.refused(ErrorCode.SR_NOT_EMPTY, () -> bench.manager.srDestroy(sr));
    bench.manager.srScan(sr);
    bench.manager.vdiDestroy(vdi);
    bench.manager.srDestroy(sr);
    assertThat(bench.manager.srs()).isEmpty();
    assertThat(bench.storage.place("a").sr).isEmpty();
  }

  @Test
  void unpluggedSrCanBeDestroyed() throws Exception {
    SrUuid sr = bench.sr("a");
    bench.manager.pbdUnplug(pbdOf(sr));
    bench.manager.srDestroy(sr);
    assertThat(bench.manager.srs()).isEmpty();
  }

  private SrUuid destroyedUpTo(String point) throws Exception {
    SrUuid sr = bench.sr("a");
    bench.faults.fail(point);
    Bench.refused(ErrorCode.IO_ERROR, () -> bench.manager.srDestroy(sr));
    assertThat(bench.manager.pbd(pbdOf(sr)).currentlyAttached()).isFalse();
    bench.faults.heal();
    return sr;
  }

  @Test
  void destructionThatFailedWhenTheStorageHadGoneGoesOnWhenAskedForAgain() throws Exception {
    bench.manager.srDestroy(destroyedUpTo("driver.destroyed"));
    assertThat(bench.manager.srs()).isEmpty();
    assertThat(bench.manager.intents()).isEmpty();
  }

  @Test
  void destructionThatFailedIsEndedByTheNextStart() throws Exception {
    SrUuid sr = destroyedUpTo("driver.destroy");
    bench.faults.fail("driver.destroyed");
    bench.restart();
    assertThat(bench.manager.sr(sr).nameLabel()).isEqualTo("sr at a");
    bench.faults.heal();
    bench.restart();
    assertThat(bench.manager.srs()).isEmpty();
    assertThat(bench.manager.intents()).isEmpty();
    assertThat(bench.storage.place("a").sr).isEmpty();
  }

  @Test
  void destructionThatFailedIsGivenUpWhenTheSrIsPlugged() throws Exception {
    SrUuid sr = destroyedUpTo("driver.destroy");
    bench.manager.pbdPlug(pbdOf(sr));
    assertThat(bench.manager.intents()).isEmpty();
    VdiUuid vdi = bench.vdi(sr, "disk");
    bench.restart();
    assertThat(bench.storage.place("a").nodes).containsKey(vdi);
    Bench.refused(ErrorCode.SR_NOT_EMPTY, () -> bench.manager.srDestroy(sr));
  }

  @Test
  void forgetIsRefusedWhilePlugged() throws Exception {
    SrUuid sr = bench.sr("a");
    Bench.refused(ErrorCode.SR_IN_USE, () -> bench.manager.srForget(sr));
  }

  @Test
  void unplugIsRefusedWhileADiskIsAttached() throws Exception {
    SrUuid sr = bench.sr("a");
    VdiUuid vdi = bench.vdi(sr, "disk");
    bench.attach(vdi, AccessMode.RW);
    Bench.refused(ErrorCode.SR_IN_USE, () -> bench.manager.pbdUnplug(pbdOf(sr)));
    bench.manager.vdiDetach(vdi, VdiAttach.HOST_DOMAIN);
    bench.manager.pbdUnplug(pbdOf(sr));
    Bench.refused(ErrorCode.SR_UNAVAILABLE, () -> bench.attach(vdi, AccessMode.RW));
    assertThat(bench.storage.place("a").attached).isFalse();
  }

  @Test
  void introducedSrBringsNamesSnapshotsAndKeysBack() throws Exception {
    SrUuid sr = bench.sr("a");
    VdiUuid vdi = bench.vdi(sr, "root'; DROP TABLE vdi; --");
    VdiUuid snapshot = bench.manager.vdiSnapshot(VdiSnapshot.of(vdi));
    bench.manager.vdiSetKey(vdi, VdiMap.KEYS, "content_id", "c1");
    bench.manager.vdiSetTags(vdi, Set.of("gold"));
    VdiRecord before = bench.manager.vdi(snapshot);
    bench.manager.pbdUnplug(pbdOf(sr));
    bench.manager.srForget(sr);
    assertThat(bench.manager.vdis()).isEmpty();

    bench.manager.srIntroduce(new SrIntroduce(sr, "memory", "", "", false, "user"));
    PbdUuid pbd = bench.manager.pbdCreate(new PbdCreate(sr, Optional.empty(), Bench.at("a")));
    bench.manager.pbdPlug(pbd);

    assertThat(bench.manager.sr(sr).nameLabel()).isEqualTo("sr at a");
    assertThat(bench.manager.vdi(vdi).nameLabel()).isEqualTo("root'; DROP TABLE vdi; --");
    assertThat(bench.manager.vdi(vdi).keys()).containsEntry("content_id", "c1");
    assertThat(bench.manager.vdi(vdi).tags()).containsExactly("gold");
    assertThat(bench.manager.vdi(snapshot)).isEqualTo(before);
  }

  @Test
  void damagedDescriptionCostsNamesButNoDisks() throws Exception {
    SrUuid sr = bench.sr("a");
    VdiUuid vdi = bench.vdi(sr, "disk");
    bench.manager.pbdUnplug(pbdOf(sr));
    bench.manager.srForget(sr);
    byte[] metadata = bench.storage.place("a").metadata;
    metadata[metadata.length / 2] ^= 1;
    bench.manager.srIntroduce(new SrIntroduce(sr, "memory", "again", "", false, "user"));
    bench.manager.pbdPlug(
        bench.manager.pbdCreate(new PbdCreate(sr, Optional.empty(), Bench.at("a"))));
    assertThat(bench.manager.vdi(vdi).nameLabel()).isEmpty();
    assertThat(bench.manager.sr(sr).nameLabel()).isEqualTo("again");
  }

  @Test
  void introduceOfAKnownSrIsRefused() throws Exception {
    SrUuid sr = bench.sr("a");
    Bench.refused(
        ErrorCode.SR_EXISTS,
        () -> bench.manager.srIntroduce(new SrIntroduce(sr, "memory", "", "", false, "user")));
  }

  @Test
  void scanAddsMarksAndRevives() throws Exception {
    SrUuid sr = bench.sr("a");
    VdiUuid vdi = bench.vdi(sr, "disk");
    var nodes = bench.storage.place("a").nodes;
    MemoryStorage.Node lost = java.util.Objects.requireNonNull(nodes.remove(vdi));
    VdiUuid stranger = VdiUuid.random();
    nodes.put(stranger, new MemoryStorage.Node(stranger, 6 * Bench.MIB));

    ScanReport report = bench.manager.srScan(sr);
    assertThat(report.missing()).containsExactly(vdi);
    assertThat(report.added()).containsExactly(stranger);
    assertThat(bench.manager.vdi(vdi).missing()).isTrue();
    assertThat(bench.manager.vdi(stranger).virtualSizeBytes()).isEqualTo(6 * Bench.MIB);

    nodes.put(vdi, lost);
    lost.sizeBytes = 8 * Bench.MIB;
    assertThat(bench.manager.srScan(sr).found()).containsExactly(vdi);
    assertThat(bench.manager.vdi(vdi).missing()).isFalse();
    assertThat(bench.manager.vdi(vdi).virtualSizeBytes()).isEqualTo(8 * Bench.MIB);
    assertThat(bench.manager.vdi(vdi).nameLabel()).isEqualTo("disk");
  }

  @Test
  void failedDescriptionIsRecordedAndHealsWithTheNextChange() throws Exception {
    SrUuid sr = bench.sr("a");
    bench.faults.fail("metadata.write");
    VdiUuid vdi = bench.vdi(sr, "disk");
    awaitProblem(sr, true);
    Bench.refused(ErrorCode.METADATA_ERROR, () -> bench.manager.srUpdate(sr));
    bench.faults.heal();
    bench.manager.vdiSetNameLabel(vdi, "other");
    awaitProblem(sr, false);
  }

  /// A description that rests is written at the end of that.
  private void awaitProblem(SrUuid sr, boolean expected) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (bench.manager.sr(sr).problem().isPresent() != expected && System.nanoTime() < deadline) {
      Thread.sleep(10);
    }
    assertThat(bench.manager.sr(sr).problem().isPresent()).isEqualTo(expected);
  }

  @Test
  void changesWhileTheDescriptionsWriteHangsAreInItAfterwards() throws Exception {
    SrUuid sr = bench.sr("a");
    MemoryStorage.Place place = bench.storage.place("a");
    place.metadataGate.acquire();
    Thread creating =
        Thread.ofPlatform()
            .start(() -> {
              try {
                bench.vdi(sr, "disk");
              } catch (StorageException e) {
                throw new AssertionError(e);
              }
            });
    while (!place.metadataGate.hasQueuedThreads()) {
      Thread.sleep(5);
    }
    bench.manager.srSetNameLabel(sr, "renamed");
    place.metadataGate.release();
    creating.join();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!SrDocument.parse(sr, place.metadata).sr().nameLabel().equals("renamed")
        && System.nanoTime() < deadline) {
      Thread.sleep(20);
    }
    assertThat(SrDocument.parse(sr, place.metadata).sr().nameLabel()).isEqualTo("renamed");
  }

  @Test
  void changesWhileTheDescriptionRestsAreInItAfterTheUnplug() throws Exception {
    SrUuid sr = bench.sr("a");
    List<VdiUuid> vdis = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      vdis.add(bench.vdi(sr, "disk " + i));
    }
    bench.manager.pbdUnplug(pbdOf(sr));
    byte[] description = bench.storage.place("a").metadata;
    assertThat(SrDocument.parse(sr, description).vdis().keySet())
        .containsExactlyInAnyOrderElementsOf(vdis);
  }

  @Test
  void unreachableSrDoesNotKeepTheDaemonFromStarting() throws Exception {
    SrUuid a = bench.sr("a");
    SrUuid b = bench.sr("b");
    bench.storage.place("a").reachable = false;
    bench.restart();
    assertThat(bench.manager.pbd(pbdOf(a)).lastError()).isPresent();
    assertThat(bench.manager.pbd(pbdOf(a)).currentlyAttached()).isFalse();
    assertThat(bench.manager.pbd(pbdOf(b)).currentlyAttached()).isTrue();
    bench.storage.place("a").reachable = true;
    bench.manager.pbdPlug(pbdOf(a));
    assertThat(bench.manager.pbd(pbdOf(a)).currentlyAttached()).isTrue();
  }

  @Test
  void secondDaemonOfAHomeIsRefusedAndTheFirstWorksOn() throws Exception {
    Bench.refused(ErrorCode.LOCK_ERR, () -> StorageManager.open(bench.config(home)));
    bench.sr("a");
  }

  @Test
  void namesAndTagsOfAnSrAreLiteral() throws Exception {
    SrUuid sr = bench.sr("a");
    String name = "$(reboot); ' \" \n\\";
    bench.manager.srSetNameLabel(sr, name);
    bench.manager.srSetTags(sr, Set.of(name, ""));
    SrRecord record = bench.restart().sr(sr);
    assertThat(record.nameLabel()).isEqualTo(name);
    assertThat(record.tags()).containsExactlyInAnyOrder(name, "");
  }
}
