// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.catalog.VdiRecord;
import io.strata.manager.StorageManager;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/// What must hold once a daemon was started on what a death at a failpoint left: nothing is half
/// done, and of the operation either everything is there or nothing, whichever the point decides.
final class FailpointJudgement {
  /// Operations that a restart brings to their end, wherever they died.
  private static final Set<String> REPLAYED =
      Set.of(
          "sr-destroy",
          "pbd-plug",
          "vdi-revert",
          "vdi-resize",
          "vdi-destroy",
          "vdi-copy",
          "vdi-attach",
          "vdi-data-destroy");

  /// Operations of which nothing is there before they are committed.
  private static final Set<String> UNDONE =
      Set.of(
          "sr-create",
          "pbd-unplug",
          "vdi-create",
          "vdi-clone",
          "vdi-snapshot",
          "vdi-import",
          "vdi-detach");

  /// A VDI that an operation makes.
  ///
  /// @param value what its first sector holds
  private record Made(String name, int value) {}

  private final FailpointScene scene;
  private final StorageManager manager;
  private final String verb;
  private final String step;

  /// @param scene after the restart
  /// @param point where the daemon died
  FailpointJudgement(FailpointScene scene, String point) {
    this.scene = scene;
    this.manager = scene.manager();
    verb = FailpointScene.verb(point);
    step = point.substring(verb.length() + 1);
  }

  void pass() throws IOException, StorageException {
    FaultyDaemon.awaitSettled(manager);
    assertThat(manager.intents()).isEmpty();
    assertSrsAreSound();
    for (var attachment : manager.attachments()) {
      assertThat(attachment.lastError()).isEmpty();
    }
    assertSrs();
    assertVdis();
    if (verb.equals("vdi-overwrite") && step.equals("copied")) {
      sendAgain();
    }
    assertContents();
    assertAttachments();
    assertChanges();
    collectAndAssert();
  }

  /// Whether an import was whole when it was cut, nobody knows: it is kept from readers until it
  /// was sent again.
  private void sendAgain() throws IOException, StorageException {
    assertThatThrownBy(() -> scene.read(scene.disk())).hasMessageContaining("has not ended");
    scene.run(verb);
  }

  /// Whether the operation's effect is there, all of it.
  private boolean decided() {
    boolean committed = step.equals("committed") || step.equals("described");
    if (verb.equals("vdi-overwrite")) {
      return committed || step.equals("copied");
    }
    if (REPLAYED.contains(verb)) {
      return true;
    }
    assertThat(UNDONE).contains(verb);
    return committed;
  }

  private boolean was(String operation) {
    return verb.equals(operation) && decided();
  }

  private void assertSrsAreSound() throws StorageException {
    for (var pbd : manager.pbds()) {
      assertThat(pbd.lastError()).isEmpty();
      if (pbd.currentlyAttached()) {
        var report = manager.srScan(pbd.sr());
        assertThat(report.added()).isEmpty();
        assertThat(report.missing()).isEmpty();
        assertThat(manager.srCheck(pbd.sr(), true, (done, total) -> {}).findings()).isEmpty();
      }
    }
  }

  private void assertSrs() throws StorageException {
    Set<String> names = new TreeSet<>();
    Set<String> plugged = new TreeSet<>();
    for (var sr : manager.srs()) {
      names.add(sr.nameLabel());
      if (isPlugged(sr.uuid())) {
        plugged.add(sr.nameLabel());
      }
    }
    Set<String> expected = new TreeSet<>(Set.of("main", "empty", "unplugged"));
    if (was("sr-create")) {
      expected.add("new");
    }
    if (was("sr-destroy")) {
      expected.remove("empty");
    }
    assertThat(names).as("SRs").isEqualTo(expected);
    if (!was("pbd-plug")) {
      expected.remove("unplugged");
    }
    if (was("pbd-unplug")) {
      expected.remove("empty");
    }
    assertThat(plugged).as("plugged SRs").isEqualTo(expected);
  }

  private boolean isPlugged(SrUuid sr) throws StorageException {
    return manager.pbds().stream().anyMatch(pbd -> pbd.sr().equals(sr) && pbd.currentlyAttached());
  }

  private void assertVdis() throws IOException, StorageException {
    Set<VdiUuid> before = new TreeSet<>(scene.before());
    if (was("vdi-destroy")) {
      before.remove(scene.disk());
    }
    List<VdiRecord> there = manager.vdis(scene.sr()).stream().filter(VdiRecord::managed).toList();
    assertThat(manager.vdis(scene.sr())).noneMatch(VdiRecord::missing);
    assertThat(there).extracting(VdiRecord::uuid).as("VDIs").containsAll(before);
    List<VdiRecord> made = there.stream().filter(vdi -> !before.contains(vdi.uuid())).toList();
    boolean makes =
        was("vdi-create")
            || was("vdi-clone")
            || was("vdi-snapshot")
            || was("vdi-import")
            || was("vdi-copy");
    assertThat(made).as("new VDIs").hasSize(makes ? 1 : 0);
    if (makes) {
      assertMade(made.getFirst());
    }
  }

  private void assertMade(VdiRecord made) throws IOException, StorageException {
    Made expected =
        switch (verb) {
          case "vdi-create" -> new Made("new", 0);
          case "vdi-clone", "vdi-copy" -> new Made("disk snapshot", FailpointScene.SNAPSHOT_VALUE);
          case "vdi-snapshot" -> new Made("running snapshot", FailpointScene.RUNNING_VALUE);
          case "vdi-import" -> new Made("imported", FailpointScene.IMPORTED_VALUE);
          default -> throw new AssertionError(verb + " makes no VDI");
        };
    assertThat(made.nameLabel()).isEqualTo(expected.name());
    assertThat(made.isASnapshot()).as("a snapshot").isEqualTo(verb.equals("vdi-snapshot"));
    if (made.isASnapshot()) {
      assertThat(made.snapshotOf()).contains(scene.running());
    }
    assertHolds(made.uuid(), expected.value(), FailpointScene.SIZE_BYTES);
  }

  private void assertContents() throws IOException, StorageException {
    assertHolds(scene.snapshot(), FailpointScene.SNAPSHOT_VALUE, FailpointScene.SIZE_BYTES);
    assertHolds(scene.running(), FailpointScene.RUNNING_VALUE, FailpointScene.SIZE_BYTES);
    if (!was("vdi-destroy")) {
      int value = FailpointScene.DISK_VALUE;
      if (was("vdi-revert")) {
        value = FailpointScene.SNAPSHOT_VALUE;
      } else if (was("vdi-overwrite")) {
        value = FailpointScene.IMPORTED_VALUE;
      }
      long sizeBytes = was("vdi-resize") ? FailpointScene.GROWN_BYTES : FailpointScene.SIZE_BYTES;
      assertHolds(scene.disk(), value, sizeBytes);
    }
    assertThat(scene.read(scene.deep())).as("the deep disk").isEqualTo(FailpointScene.deepBytes());
  }

  /// A sector of a value, and zeroes to the end.
  private void assertHolds(VdiUuid vdi, int value, long sizeBytes)
      throws IOException, StorageException {
    byte[] expected = new byte[Math.toIntExact(sizeBytes)];
    Arrays.fill(expected, 0, SectorModel.SECTOR_BYTES, (byte) value);
    assertThat(manager.vdi(vdi).virtualSizeBytes()).isEqualTo(sizeBytes);
    assertThat(scene.read(vdi)).as("VDI " + vdi).isEqualTo(expected);
  }

  private void assertAttachments() throws StorageException {
    Set<VdiUuid> expected = new TreeSet<>(Set.of(scene.running(), scene.deep()));
    if (was("vdi-attach")) {
      expected.add(scene.disk());
    }
    if (was("vdi-detach")) {
      expected.remove(scene.running());
    }
    Set<VdiUuid> attached = new TreeSet<>();
    manager.attachments().forEach(attachment -> attached.add(attachment.vdi()));
    assertThat(attached).as("attached VDIs").isEqualTo(expected);
  }

  /// Each of the tracked snapshots differs from the one before in a granule of its own.
  private void assertChanges() throws IOException, StorageException {
    VdiUuid middle = scene.tracked().get(1);
    boolean destroyed = was("vdi-data-destroy");
    assertThat(manager.vdi(middle).metadataOnly()).isEqualTo(destroyed);
    assertThat(scene.fileOf(middle).toFile().exists()).isNotEqualTo(destroyed);
    assertThat(changed(0, 1)).isEqualTo(Set.of(1));
    assertThat(changed(1, 2)).isEqualTo(Set.of(2));
    assertThat(changed(0, 2)).isEqualTo(Set.of(1, 2));
  }

  private Set<Integer> changed(int from, int to) throws StorageException {
    var changed = manager.vdiListChangedBlocks(scene.tracked().get(from), scene.tracked().get(to));
    Set<Integer> granules = new TreeSet<>();
    for (int granule = 0; granule < changed.granules(); granule++) {
      if (changed.marked(granule)) {
        granules.add(granule);
      }
    }
    return granules;
  }

  /// What a merge left can be collected: the deep disk's chain goes, and its bytes stay.
  private void collectAndAssert() throws IOException, StorageException {
    manager.srGc(scene.sr());
    assertThat(manager.vdi(scene.deep()).parent()).as("what is left to merge").isEmpty();
    assertThat(scene.read(scene.deep())).as("the deep disk").isEqualTo(FailpointScene.deepBytes());
  }
}
