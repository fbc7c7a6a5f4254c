// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.catalog.VdiMap;
import io.strata.catalog.VdiRecord;
import io.strata.spi.AccessMode;
import io.strata.spi.ErrorCode;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.Volume;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class VdiLifeTest {
  private static final long GIB = 1L << 30;

  @TempDir Path home;
  private Bench bench;
  private SrUuid sr;

  @BeforeEach
  void open() throws StorageException {
    bench = new Bench(home);
    sr = bench.sr("a");
  }

  @AfterEach
  void close() {
    bench.close();
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -1, Long.MIN_VALUE, 2040 * GIB + 1, Long.MAX_VALUE})
  void impossibleSizeIsRefusedWithItsValue(long size) {
    Bench.refused(
        ErrorCode.VDI_SIZE, () -> bench.manager.vdiCreate(VdiCreate.of(sr, "disk", size)));
    org.assertj.core.api.Assertions.assertThatThrownBy(
            () -> bench.manager.vdiCreate(VdiCreate.of(sr, "disk", size)))
        .hasMessageContaining(Long.toString(size));
  }

  @Test
  void sizeIsRoundedUpToTwoMebibytes() throws Exception {
    VdiUuid one = bench.manager.vdiCreate(VdiCreate.of(sr, "one", 1));
    VdiUuid most = bench.manager.vdiCreate(VdiCreate.of(sr, "most", 2040 * GIB));
    assertThat(bench.manager.vdi(one).virtualSizeBytes()).isEqualTo(2 * Bench.MIB);
    assertThat(bench.manager.vdi(most).virtualSizeBytes()).isEqualTo(2040 * GIB);
  }

  static List<String> awkwardNames() {
    return List.of(
        "",
        ".",
        "..",
        "/",
        "!",
        "0".repeat(128),
        "a\nb",
        "'; DROP TABLE vdi; --",
        "\"%_\\",
        ";$(reboot)`id`",
        "../../etc/passwd",
        "\u00e9\ud83d\udcbe\u202e");
  }

  @ParameterizedTest
  @MethodSource("awkwardNames")
  void namesAreLiteralEverywhere(String name) throws Exception {
    VdiUuid vdi =
        bench.manager.vdiCreate(
            new VdiCreate(
                Optional.empty(),
                sr,
                name,
                name,
                1,
                "user",
                Volume.Kind.VHD,
                false,
                false,
                List.of(name),
                Map.of(name, name),
                Map.of(name, name)));
    bench.manager.vdiSetKey(vdi, VdiMap.KEYS, name, name);
    VdiUuid snapshot = bench.manager.vdiSnapshot(VdiSnapshot.of(vdi));
    VdiRecord record = bench.restart().vdi(vdi);
    assertThat(record.nameLabel()).isEqualTo(name);
    assertThat(record.nameDescription()).isEqualTo(name);
    assertThat(record.tags()).containsExactly(name);
    assertThat(record.smConfig()).containsExactly(Map.entry(name, name));
    assertThat(record.otherConfig()).containsExactly(Map.entry(name, name));
    assertThat(record.keys()).containsExactly(Map.entry(name, name));
    assertThat(bench.manager.vdi(snapshot).nameLabel()).isEqualTo(name + " snapshot");
    bench.manager.vdiUnsetKey(vdi, VdiMap.KEYS, name);
    assertThat(bench.manager.vdi(vdi).keys()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\0b", "\ud800", "\udc00x"})
  void whatNoDatabaseCanHoldIsRefused(String name) {
    Bench.refused(
        ErrorCode.BAD_CHARACTER, () -> bench.manager.vdiCreate(VdiCreate.of(sr, name, 1)));
  }

  @Test
  void snapshotSaysWhatItIs() throws Exception {
    VdiUuid vdi = bench.vdi(sr, "disk");
    VdiUuid uuid = bench.manager.vdiSnapshot(VdiSnapshot.of(vdi));
    VdiRecord snapshot = bench.manager.vdi(uuid);
    assertThat(snapshot.nameLabel()).isEqualTo("disk snapshot");
    assertThat(snapshot.isASnapshot()).isTrue();
    assertThat(snapshot.snapshotOf()).contains(vdi);
    assertThat(snapshot.snapshotTime()).isEqualTo(Bench.NOW);
    assertThat(bench.manager.vdi(vdi).snapshotTime()).isEqualTo(Instant.EPOCH);
    Bench.refused(ErrorCode.VDI_SNAPSHOT, () -> bench.manager.vdiSnapshot(VdiSnapshot.of(uuid)));
    Bench.refused(ErrorCode.VDI_RESIZE, () -> bench.manager.vdiResize(uuid, 8 * Bench.MIB));
  }

  @Test
  void treeShowsTheHiddenBaseAboveDiskAndSnapshot() throws Exception {
    VdiUuid vdi = bench.vdi(sr, "disk");
    VdiUuid snapshot = bench.manager.vdiSnapshot(VdiSnapshot.of(vdi));
    bench.attach(vdi, AccessMode.RW);
    List<SrTree.Node> nodes = bench.manager.tree(sr).nodes();
    assertThat(nodes).extracting(SrTree.Node::depth).containsExactly(0, 1, 1);
    assertThat(nodes.getFirst().hidden()).isTrue();
    assertThat(nodes.get(1).uuid()).isEqualTo(vdi);
    assertThat(nodes.get(1).attachments()).hasSize(1);
    assertThat(nodes.get(2).uuid()).isEqualTo(snapshot);
    assertThat(nodes.get(2).snapshotOf()).contains(vdi);
    assertThat(nodes.get(2).parent()).contains(nodes.getFirst().uuid());
  }

  @Test
  void hiddenBaseCanNotBeUsedAndGoesWithItsLastChild() throws Exception {
    VdiUuid vdi = bench.vdi(sr, "disk");
    VdiUuid snapshot = bench.manager.vdiSnapshot(VdiSnapshot.of(vdi));
    VdiUuid base = bench.manager.vdi(vdi).parent().orElseThrow();
    Bench.refused(ErrorCode.VDI_UNAVAILABLE, () -> bench.attach(base, AccessMode.RO));
    Bench.refused(ErrorCode.VDI_UNAVAILABLE, () -> bench.manager.vdiDestroy(base));
    bench.manager.vdiDestroy(snapshot);
    assertThat(bench.manager.vdis(sr)).hasSize(2);
    bench.manager.vdiDestroy(vdi);
    assertThat(bench.manager.vdis(sr)).isEmpty();
  }

  @Test
  void revertBringsTheContentBack() throws Exception {
    VdiUuid vdi = bench.vdi(sr, "disk");
    bench.write(vdi, "a", "before");
    VdiUuid snapshot = bench.manager.vdiSnapshot(VdiSnapshot.of(vdi));
    bench.write(vdi, "a", "after!");
    bench.manager.vdiRevert(snapshot);
    assertThat(bench.read(vdi, "a", 6)).isEqualTo("before");
    assertThat(bench.manager.vdi(vdi).nameLabel()).isEqualTo("disk");
  }

  @Test
  void cloneIsADiskOfItsOwn() throws Exception {
    VdiUuid vdi = bench.vdi(sr, "disk");
    bench.write(vdi, "a", "shared");
    VdiUuid clone = bench.manager.vdiClone(VdiClone.of(vdi));
    bench.write(clone, "a", "cloned");
    assertThat(bench.read(vdi, "a", 6)).isEqualTo("shared");
    assertThat(bench.manager.vdi(clone).isASnapshot()).isFalse();
    assertThat(bench.manager.vdi(clone).nameLabel()).isEqualTo("disk");
  }

  @Test
  void resizeOnlyGrows() throws Exception {
    VdiUuid vdi = bench.vdi(sr, "disk");
    bench.manager.vdiResize(vdi, 7 * Bench.MIB);
    assertThat(bench.manager.vdi(vdi).virtualSizeBytes()).isEqualTo(8 * Bench.MIB);
    Bench.refused(ErrorCode.VDI_SIZE, () -> bench.manager.vdiResize(vdi, 2 * Bench.MIB));
    bench.attach(vdi, AccessMode.RO);
    Bench.refused(ErrorCode.VDI_IN_USE, () -> bench.manager.vdiResize(vdi, 16 * Bench.MIB));
  }

  @Test
  void failedStepsLeaveNoIntentAndNoDisk() throws Exception {
    VdiUuid vdi = bench.vdi(sr, "disk");
    for (String fault : List.of("create", "clone", "prepare", "commit", "resize", "delete")) {
      bench.faults.fail(fault);
      Bench.refused(
          ErrorCode.IO_ERROR,
          () -> {
            switch (fault) {
              case "create" -> bench.vdi(sr, "new");
              case "clone" -> bench.manager.vdiClone(VdiClone.of(vdi));
              case "resize" -> bench.manager.vdiResize(vdi, 8 * Bench.MIB);
              case "delete" -> bench.manager.vdiDestroy(vdi);
              default -> bench.manager.vdiSnapshot(VdiSnapshot.of(vdi));
            }
          });
      bench.faults.heal();
      assertThat(bench.manager.intents()).as(fault).isEmpty();
      assertThat(bench.manager.vdis()).as(fault).hasSize(1);
      assertThat(bench.manager.srScan(sr).added()).as(fault).isEmpty();
    }
  }

  @Test
  void chosenUuidOfAVolumeThatIsThereIsRefused() throws Exception {
    VdiUuid vdi = bench.vdi(sr, "disk");
    bench.write(vdi, "a", "precious");
    bench.manager.vdiForget(vdi);
    VdiCreate again =
        new VdiCreate(
            Optional.of(vdi),
            sr,
            "again",
            "",
            1,
            "user",
            Volume.Kind.VHD,
            false,
            false,
            List.of(),
            Map.of(),
            Map.of());
    Bench.refused(ErrorCode.VDI_EXISTS, () -> bench.manager.vdiCreate(again));
    bench.restart();
    assertThat(bench.read(vdi, "a", 8)).isEqualTo("precious");
    bench.manager.vdiIntroduce(
        new VdiIntroduce(vdi, sr, "user", vdi.toString(), "back", "", false, false, Map.of()));
    assertThat(bench.manager.vdi(vdi).nameLabel()).isEqualTo("back");
  }

  @Test
  void introducingADiskThatIsKnownChangesNothing() throws Exception {
    VdiUuid vdi = bench.vdi(sr, "disk");
    VdiUuid snapshot = bench.manager.vdiSnapshot(VdiSnapshot.of(vdi));
    for (VdiUuid known : List.of(vdi, snapshot)) {
      var before = bench.manager.vdi(known);
      VdiIntroduce again =
          new VdiIntroduce(known, sr, "user", known.toString(), "", "", false, false, Map.of());
      Bench.refused(ErrorCode.VDI_EXISTS, () -> bench.manager.vdiIntroduce(again));
      assertThat(bench.manager.vdi(known)).isEqualTo(before);
    }
  }

  @Test
  void unknownDiskAndUnpluggedSrAnswerWithTheirNumbers() throws Exception {
    Bench.refused(ErrorCode.VDI_MISSING, () -> bench.manager.vdiDestroy(VdiUuid.random()));
    bench.manager.pbdUnplug(bench.manager.pbds().getFirst().uuid());
    Bench.refused(ErrorCode.SR_UNAVAILABLE, () -> bench.vdi(sr, "disk"));
  }
}
