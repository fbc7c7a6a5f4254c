// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.catalog.VdiRecord;
import io.strata.spi.AccessMode;
import io.strata.spi.ErrorCode;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.Volume;
import java.io.ByteArrayInputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The daemon dies after each step of each operation of several steps; then nothing is half done.
class RecoveryTest {
  private static final String TEXT = "guest data";
  private static final String LATER = "later data";

  @TempDir Path home;

  /// A multi-step operation on a bench that holds an SR, a disk with a snapshot, and more.
  enum Story {
    SR_CREATE("sr-create") {
      @Override
      void run(Scene s) throws StorageException {
        s.bench.sr("b");
      }
    },
    SR_DESTROY("sr-destroy") {
      @Override
      void run(Scene s) throws StorageException {
        s.bench.manager.srDestroy(s.empty);
      }
    },
    PBD_PLUG("pbd-plug") {
      @Override
      void run(Scene s) throws StorageException {
        s.bench.manager.pbdPlug(
            s.bench.manager.pbds().stream()
                .filter(pbd -> pbd.sr().equals(s.unplugged))
                .findFirst()
                .orElseThrow()
                .uuid());
      }
    },
    PBD_UNPLUG("pbd-unplug") {
      @Override
      void run(Scene s) throws StorageException {
        s.bench.manager.pbdUnplug(
            s.bench.manager.pbds().stream()
                .filter(pbd -> pbd.sr().equals(s.empty))
                .findFirst()
                .orElseThrow()
                .uuid());
      }
    },
    VDI_CREATE("vdi-create") {
      @Override
      void run(Scene s) throws StorageException {
        s.bench.vdi(s.sr, "new");
      }
    },
    VDI_CLONE("vdi-clone") {
      @Override
      void run(Scene s) throws StorageException {
        s.bench.manager.vdiClone(VdiClone.of(s.snapshot));
      }
    },
    VDI_SNAPSHOT("vdi-snapshot") {
      @Override
      void run(Scene s) throws StorageException {
        s.bench.manager.vdiSnapshot(VdiSnapshot.of(s.disk));
      }
    },
    SNAPSHOT_OF_A_RUNNING_DISK("vdi-snapshot") {
      @Override
      void run(Scene s) throws StorageException {
        s.bench.manager.vdiSnapshot(VdiSnapshot.of(s.running));
      }
    },
    VDI_REVERT("vdi-revert") {
      @Override
      void run(Scene s) throws StorageException {
        s.bench.manager.vdiRevert(s.snapshot);
      }
    },
    VDI_RESIZE("vdi-resize") {
      @Override
      void run(Scene s) throws StorageException {
        s.bench.manager.vdiResize(s.disk, 8 * Bench.MIB);
      }
    },
    VDI_DESTROY("vdi-destroy") {
      @Override
      void run(Scene s) throws StorageException {
        s.bench.manager.vdiDestroy(s.disk);
      }
    },
    VDI_IMPORT("vdi-import") {
      @Override
      void run(Scene s) throws StorageException {
        s.bench.manager.vdiImport(
            new VdiImport(
                Optional.empty(),
                Optional.of(VdiCreate.of(s.sr, "imported", 2 * Bench.MIB)),
                ImageFormat.RAW,
                new ByteArrayInputStream(new byte[] {1, 2, 3}),
                ProgressListener.NONE));
      }
    },
    VDI_OVERWRITE("vdi-overwrite") {
      @Override
      void run(Scene s) throws StorageException {
        s.bench.manager.vdiImport(
            new VdiImport(
                Optional.of(s.disk),
                Optional.empty(),
                ImageFormat.RAW,
                new ByteArrayInputStream(new byte[] {1, 2, 3}),
                ProgressListener.NONE));
      }
    },
    VDI_COPY("vdi-copy") {
      @Override
      void run(Scene s) throws StorageException {
        s.bench.manager.vdiCopy(
            new VdiCopy(
                s.disk,
                Optional.of(s.sr),
                Optional.empty(),
                Optional.empty(),
                ProgressListener.NONE));
      }
    },
    VDI_ATTACH("vdi-attach") {
      @Override
      void run(Scene s) throws StorageException {
        s.bench.attach(s.disk, AccessMode.RW);
      }
    },
    VDI_DETACH("vdi-detach") {
      @Override
      void run(Scene s) throws StorageException {
        s.bench.manager.vdiDetach(s.running, VdiAttach.HOST_DOMAIN);
      }
    };

    private final String verb;

    Story(String verb) {
      this.verb = verb;
    }

    abstract void run(Scene scene) throws StorageException;
  }

  /// What there is before the operation.
  static final class Scene {
    final Bench bench;
    final SrUuid sr;
    final SrUuid empty;
    final SrUuid unplugged;
    final VdiUuid disk;
    final VdiUuid running;
    final VdiUuid snapshot;

    Scene(Path home) throws Exception {
      bench = new Bench(home);
      bench.storage.add("c");
      bench.storage.add("d");
      sr = bench.sr("a");
      empty = bench.sr("c");
      unplugged = bench.sr("d");
      bench.manager.pbdUnplug(
          bench.manager.pbds().stream()
              .filter(pbd -> pbd.sr().equals(unplugged))
              .findFirst()
              .orElseThrow()
              .uuid());
      disk = bench.vdi(sr, "disk");
      bench.write(disk, "a", TEXT);
      snapshot = bench.manager.vdiSnapshot(VdiSnapshot.of(disk));
      bench.write(disk, "a", LATER);
      running = bench.vdi(sr, "running");
      bench.write(running, "a", TEXT);
      bench.attach(running, AccessMode.RW);
    }
  }

  private static Set<String> steps(Path home, Story story) throws Exception {
    Scene scene = new Scene(home);
    try (Bench bench = scene.bench) {
      bench.faults.forget();
      story.run(scene);
      return bench.faults.passed().stream()
          .filter(point -> point.startsWith(story.verb + "."))
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  @ParameterizedTest
  @EnumSource(Story.class)
  void deathAfterAnyStepLeavesNothingHalfDone(Story story) throws Exception {
    Set<String> steps = steps(home.resolve("dry"), story);
    assertThat(steps).isNotEmpty();
    for (String step : steps) {
      Scene scene = new Scene(home.resolve(step));
      try (Bench bench = scene.bench) {
        bench.faults.dieAt(step);
        boolean died = false;
        try {
          story.run(scene);
        } catch (Faults.Death e) {
          died = true;
        }
        assertThat(died).as(step).isTrue();
        bench.restart();
        assertWhole(step, scene);
        assertDiskHolds(step, scene, story);
      }
    }
  }

  private static void assertWhole(String step, Scene scene) throws Exception {
    Bench bench = scene.bench;
    StorageManager manager = bench.manager;
    bench.awaitCopies();
    assertThat(manager.intents()).as(step).isEmpty();
    for (var sr : manager.srs()) {
      boolean plugged =
          manager.pbds().stream()
              .anyMatch(pbd -> pbd.sr().equals(sr.uuid()) && pbd.currentlyAttached());
      if (plugged) {
        assertCatalogIsStorage(step, bench, sr.uuid());
        assertThat(manager.srScan(sr.uuid())).as(step).isEqualTo(nothing());
      }
    }
    for (String location : List.of("a", "b", "c", "d")) {
      Optional<SrUuid> owner = bench.storage.place(location).sr;
      if (owner.isPresent()) {
        assertThat(manager.srs())
            .as(step + " " + location)
            .anyMatch(sr -> owner.get().equals(sr.uuid()));
      }
    }
    assertThat(bench.read(scene.snapshot, "a", TEXT.length())).as(step).isEqualTo(TEXT);
    assertThat(bench.read(scene.running, "a", TEXT.length())).as(step).isEqualTo(TEXT);
    for (var attachment : manager.attachments()) {
      assertThat(attachment.lastError()).as(step).isEmpty();
    }
  }

  /// An interrupted revert or growth is brought to its end, and so is a destruction.
  private static void assertDiskHolds(String step, Scene scene, Story story) throws Exception {
    Bench bench = scene.bench;
    boolean there =
        bench.manager.vdis(scene.sr).stream().anyMatch(vdi -> vdi.uuid().equals(scene.disk));
    assertThat(there).as(step).isEqualTo(story != Story.VDI_DESTROY);
    if (there && story != Story.VDI_OVERWRITE) {
      assertThat(bench.read(scene.disk, "a", TEXT.length()))
          .as(step)
          .isEqualTo(story == Story.VDI_REVERT ? TEXT : LATER);
    }
    if (story == Story.VDI_RESIZE) {
      assertThat(bench.manager.vdi(scene.disk).virtualSizeBytes())
          .as(step)
          .isEqualTo(8 * Bench.MIB);
    }
  }

  private static ScanReport nothing() {
    return new ScanReport(List.of(), List.of(), List.of(), List.of());
  }

  private static void assertCatalogIsStorage(String step, Bench bench, SrUuid sr)
      throws StorageException {
    MemoryStorage.Place place =
        bench.storage.places.values().stream()
            .filter(p -> p.sr.equals(Optional.of(sr)))
            .findFirst()
            .orElseThrow();
    List<VdiRecord> vdis = bench.manager.vdis(sr);
    assertThat(vdis.stream().map(VdiRecord::uuid).collect(Collectors.toSet()))
        .as(step)
        .isEqualTo(place.nodes.keySet());
    for (VdiRecord vdi : vdis) {
      MemoryStorage.Node node = java.util.Objects.requireNonNull(place.nodes.get(vdi.uuid()));
      assertThat(vdi.missing()).as(step).isFalse();
      assertThat(vdi.parent()).as(step).isEqualTo(node.parent);
      assertThat(vdi.managed()).as(step).isEqualTo(!node.hidden);
      assertThat(vdi.virtualSizeBytes()).as(step).isEqualTo(node.sizeBytes);
      assertThat(vdi.kind()).isEqualTo(Volume.Kind.VHD);
      assertThat(vdi.managed() && vdi.nameLabel().isEmpty())
          .as("%s: %s without a name", step, vdi.uuid())
          .isFalse();
    }
  }

  @Test
  void attachedDiskIsServedAgainAtTheSamePlace() throws Exception {
    Scene scene = new Scene(home);
    try (Bench bench = scene.bench) {
      Attachment before = bench.attach(scene.running, AccessMode.RW);
      Attachment after = bench.restart().vdiAttach(VdiAttach.of(scene.running, AccessMode.RW));
      assertThat(after).isEqualTo(before);
    }
  }

  @Test
  void undoThatFailsIsTriedAgainByTheNextScan() throws Exception {
    Scene scene = new Scene(home);
    try (Bench bench = scene.bench) {
      bench.faults.dieAt("vdi-create.created");
      try {
        bench.vdi(scene.sr, "half");
      } catch (Faults.Death e) {
        assertThat(e).hasMessage("vdi-create.created");
      }
      bench.faults.fail("delete");
      bench.restart();
      assertThat(bench.manager.intents()).hasSize(1);
      assertThat(bench.manager.vdis()).noneMatch(vdi -> vdi.nameLabel().equals("half"));
      bench.faults.heal();
      bench.manager.srScan(scene.sr);
      assertThat(bench.manager.intents()).isEmpty();
      assertCatalogIsStorage("scan", bench, scene.sr);
    }
  }

  /// Its intent is another's: what that left on the storage is gone.
  @Test
  void diskThatWasMadeAgainUnderTheSameUuidIsNotUndone() throws Exception {
    Scene scene = new Scene(home);
    try (Bench bench = scene.bench) {
      VdiUuid chosen = VdiUuid.random();
      VdiCreate plain = VdiCreate.of(scene.sr, "chosen", 4 * Bench.MIB);
      VdiCreate request =
          new VdiCreate(
              Optional.of(chosen),
              plain.sr(),
              plain.nameLabel(),
              "",
              plain.sizeBytes(),
              "user",
              plain.kind(),
              false,
              false,
              List.of(),
              Map.of(),
              Map.of());
      bench.faults.dieAt("vdi-create.created");
      assertThatThrownBy(() -> bench.manager.vdiCreate(request)).isInstanceOf(Faults.Death.class);
      bench.faults.fail("delete");
      bench.restart();
      bench.faults.heal();
      bench.storage.place("a").nodes.remove(chosen);
      bench.manager.vdiCreate(request);
      assertThat(bench.manager.intents()).hasSize(1);
      bench.manager.srScan(scene.sr);
      assertThat(bench.manager.intents()).isEmpty();
      assertCatalogIsStorage("scan", bench, scene.sr);
      assertThat(bench.manager.vdi(chosen).missing()).isFalse();
    }
  }

  /// A replay would take back what is written before it.
  @Test
  void diskIsNotWrittenBeforeItsInterruptedRevertIsEnded() throws Exception {
    Scene scene = new Scene(home);
    try (Bench bench = scene.bench) {
      StorageManager manager = bench.manager;
      bench.faults.dieAt("vdi-revert.reverted");
      assertThatThrownBy(() -> manager.vdiRevert(scene.snapshot)).isInstanceOf(Faults.Death.class);
      VdiUuid disk = manager.vdi(scene.snapshot).snapshotOf().orElseThrow();
      Bench.refused(ErrorCode.VDI_UNAVAILABLE, () -> bench.attach(disk, AccessMode.RW));
      Bench.refused(
          ErrorCode.VDI_UNAVAILABLE,
          () ->
              manager.vdiImport(
                  new VdiImport(
                      Optional.of(disk),
                      Optional.empty(),
                      ImageFormat.RAW,
                      new ByteArrayInputStream(new byte[512]),
                      ProgressListener.NONE)));
      manager.srScan(scene.sr);
      bench.attach(disk, AccessMode.RW);
      manager.vdiDetach(disk, VdiAttach.HOST_DOMAIN);
      bench.write(disk, "a", "written after it");
      manager.srScan(scene.sr);
      assertThat(bench.read(disk, "a", "written after it".length())).isEqualTo("written after it");
    }
  }
}
