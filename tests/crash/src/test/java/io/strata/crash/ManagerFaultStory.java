// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import static io.strata.crash.ManagerFaultScene.MIB;
import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.BlockDevice.Zeroing;
import io.strata.manager.ProgressListener;
import io.strata.manager.VdiClone;
import io.strata.manager.VdiCopy;
import io.strata.manager.VdiCreate;
import io.strata.manager.VdiSnapshot;
import io.strata.nbd.NbdClient;
import io.strata.spi.AccessMode;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.VolumeFinding;
import java.io.IOException;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// An operation of the manager, or what a guest does, and what may come of it.
enum ManagerFaultStory {
  CREATE {
    @Override
    void run(ManagerFaultScene s) throws StorageException {
      s.manager().vdiCreate(VdiCreate.of(s.sr(), "new", 4 * MIB));
    }

    @Override
    Optional<ManagerFaultContent> made(ManagerFaultScene s) {
      return Optional.of(ManagerFaultContent.zeroes(4 * MIB));
    }
  },
  CLONE {
    @Override
    void run(ManagerFaultScene s) throws StorageException {
      s.manager().vdiClone(VdiClone.of(s.snapshot()));
    }

    @Override
    Set<VdiUuid> rewritten(ManagerFaultScene s) {
      return Set.of(s.snapshot());
    }

    @Override
    Optional<ManagerFaultContent> made(ManagerFaultScene s) {
      return Optional.of(s.content(s.snapshot()));
    }
  },
  SNAPSHOT {
    @Override
    void run(ManagerFaultScene s) throws StorageException {
      s.manager().vdiSnapshot(VdiSnapshot.of(s.disk()));
    }

    @Override
    Set<VdiUuid> rewritten(ManagerFaultScene s) {
      return Set.of(s.disk());
    }

    @Override
    Optional<ManagerFaultContent> made(ManagerFaultScene s) {
      return Optional.of(s.content(s.disk()));
    }
  },
  SNAPSHOT_OF_A_RUNNING_DISK {
    @Override
    void run(ManagerFaultScene s) throws StorageException {
      s.manager().vdiSnapshot(VdiSnapshot.of(s.running()));
    }

    @Override
    Set<VdiUuid> rewritten(ManagerFaultScene s) {
      return Set.of(s.running());
    }

    @Override
    Optional<ManagerFaultContent> made(ManagerFaultScene s) {
      return Optional.of(s.content(s.running()));
    }
  },
  REVERT {
    @Override
    void run(ManagerFaultScene s) throws StorageException {
      s.manager().vdiRevert(s.snapshot());
    }

    @Override
    Set<VdiUuid> rewritten(ManagerFaultScene s) {
      return Set.of(s.disk(), s.snapshot());
    }

    @Override
    Map<VdiUuid, ManagerFaultContent> changed(ManagerFaultScene s) {
      return Map.of(s.disk(), s.content(s.snapshot()));
    }
  },
  RESIZE {
    @Override
    void run(ManagerFaultScene s) throws StorageException {
      s.manager().vdiResize(s.disk(), 8 * MIB);
    }

    @Override
    Set<VdiUuid> rewritten(ManagerFaultScene s) {
      return Set.of(s.disk());
    }

    @Override
    Map<VdiUuid, ManagerFaultContent> changed(ManagerFaultScene s) {
      return Map.of(s.disk(), s.content(s.disk()).resized(8 * MIB));
    }
  },
  RESIZE_OF_A_RUNNING_DISK {
    @Override
    void run(ManagerFaultScene s) throws StorageException {
      s.manager().vdiResize(s.running(), 12 * MIB);
    }

    @Override
    Set<VdiUuid> rewritten(ManagerFaultScene s) {
      return Set.of(s.running());
    }

    @Override
    Map<VdiUuid, ManagerFaultContent> changed(ManagerFaultScene s) {
      return Map.of(s.running(), s.content(s.running()).resized(12 * MIB));
    }
  },
  DESTROY {
    @Override
    void run(ManagerFaultScene s) throws StorageException {
      s.manager().vdiDestroy(s.disk());
    }

    @Override
    Set<VdiUuid> gone(ManagerFaultScene s) {
      return Set.of(s.disk());
    }
  },
  DESTROY_A_CHAIN {
    @Override
    void prepare(ManagerFaultScene s) throws IOException, StorageException {
      s.deepen(s.disk());
    }

    @Override
    void run(ManagerFaultScene s) throws StorageException {
      s.manager().vdiDestroy(s.disk());
      s.manager().srGc(s.sr());
    }

    @Override
    Set<VdiUuid> rewritten(ManagerFaultScene s) {
      return Set.of(s.snapshot(), s.running());
    }

    @Override
    Set<VdiUuid> gone(ManagerFaultScene s) {
      return Set.of(s.disk());
    }

    @Override
    boolean collects() {
      return true;
    }
  },
  IMPORT {
    @Override
    void run(ManagerFaultScene s) throws StorageException {
      s.importRun(Optional.empty(), Optional.of(VdiCreate.of(s.sr(), "imported", 4 * MIB)));
    }

    @Override
    Optional<ManagerFaultContent> made(ManagerFaultScene s) {
      return Optional.of(ManagerFaultContent.zeroes(4 * MIB).with(0, 9));
    }
  },
  OVERWRITE {
    @Override
    void run(ManagerFaultScene s) throws StorageException {
      s.importRun(Optional.of(s.disk()), Optional.empty());
    }

    @Override
    boolean overwrites() {
      return true;
    }

    @Override
    void settle(ManagerFaultScene s, boolean succeeded) throws StorageException {
      if (s.refusesAsUnended(s.disk())) {
        assertThat(succeeded).as("ended, and marked").isFalse();
        run(s);
      }
    }

    @Override
    void settleDamaged(ManagerFaultScene s, boolean succeeded, Set<VdiUuid> readThrough) {
      try {
        settle(s, succeeded);
      } catch (StorageException noticed) {
        // The damage may be in the way of the second import, and then the disk stays marked.
      }
    }

    @Override
    Set<VdiUuid> rewritten(ManagerFaultScene s) {
      return Set.of(s.disk());
    }

    @Override
    Map<VdiUuid, ManagerFaultContent> changed(ManagerFaultScene s) {
      return Map.of(s.disk(), s.content(s.disk()).zeroed().with(0, 9));
    }

    @Override
    Set<Integer> between() {
      return Set.of(0);
    }
  },
  COPY {
    @Override
    void run(ManagerFaultScene s) throws StorageException {
      s.copySnapshot();
    }

    @Override
    Set<VdiUuid> sources(ManagerFaultScene s) {
      return Set.of(s.snapshot());
    }

    @Override
    Optional<ManagerFaultContent> made(ManagerFaultScene s) {
      return Optional.of(s.content(s.snapshot()));
    }
  },
  COPY_WHAT_DIFFERS {
    @Override
    void prepare(ManagerFaultScene s) throws StorageException {
      s.prepareCopy();
    }

    @Override
    void run(ManagerFaultScene s) throws StorageException {
      s.manager()
          .vdiCopy(
              new VdiCopy(
                  s.disk(),
                  Optional.empty(),
                  Optional.of(s.copy()),
                  Optional.of(s.snapshot()),
                  Optional.empty(),
                  false,
                  ProgressListener.NONE));
    }

    @Override
    boolean overwrites() {
      return true;
    }

    @Override
    Set<VdiUuid> sources(ManagerFaultScene s) {
      return Set.of(s.disk(), s.snapshot());
    }

    @Override
    Set<VdiUuid> rewritten(ManagerFaultScene s) {
      return Set.of(s.copy());
    }

    @Override
    Map<VdiUuid, ManagerFaultContent> changed(ManagerFaultScene s) {
      return Map.of(s.copy(), s.content(s.disk()));
    }
  },
  MOVE {
    @Override
    void prepare(ManagerFaultScene s) throws StorageException {
      s.createSecondSr();
    }

    @Override
    void run(ManagerFaultScene s) throws StorageException {
      s.manager().vdiMove(s.disk(), s.secondSr().orElseThrow(), ProgressListener.NONE);
    }

    @Override
    boolean readsBack() {
      return true;
    }

    @Override
    Set<VdiUuid> sources(ManagerFaultScene s) {
      return gone(s);
    }

    @Override
    Set<VdiUuid> gone(ManagerFaultScene s) {
      return Set.of(s.disk());
    }

    @Override
    Optional<ManagerFaultContent> made(ManagerFaultScene s) {
      return Optional.of(s.content(s.disk()));
    }

    @Override
    void settle(ManagerFaultScene s, boolean succeeded) throws StorageException {
      boolean moved = !s.manager().vdis(s.secondSr().orElseThrow()).isEmpty();
      boolean there = s.manager().vdis().stream().anyMatch(vdi -> vdi.uuid().equals(s.disk()));
      assertThat(moved || there).as("in the one place or in the other").isTrue();
      assertThat(succeeded && there).as("in its old place still").isFalse();
    }
  },
  COLLECT {
    @Override
    void run(ManagerFaultScene s) throws StorageException {
      s.manager().srGc(s.sr());
    }

    @Override
    Set<VdiUuid> rewritten(ManagerFaultScene s) {
      return Set.of(s.running());
    }

    @Override
    boolean collects() {
      return true;
    }
  },
  COLLECT_A_RUN {
    @Override
    void prepare(ManagerFaultScene s) throws IOException, StorageException {
      s.deepen(s.disk());
    }

    @Override
    void run(ManagerFaultScene s) throws StorageException {
      s.manager().srGc(s.sr());
    }

    @Override
    Set<VdiUuid> rewritten(ManagerFaultScene s) {
      return Set.of(s.disk(), s.running());
    }

    @Override
    boolean collects() {
      return true;
    }
  },
  COLLECT_BELOW_A_RUNNING_DISK {
    @Override
    void prepare(ManagerFaultScene s) throws IOException, StorageException {
      s.deepen(s.running());
    }

    @Override
    void run(ManagerFaultScene s) throws StorageException {
      s.manager().srGc(s.sr());
    }

    @Override
    Set<VdiUuid> rewritten(ManagerFaultScene s) {
      return Set.of(s.disk(), s.running());
    }

    @Override
    boolean collects() {
      return true;
    }
  },
  SCAN {
    @Override
    void run(ManagerFaultScene s) throws StorageException {
      s.manager().srScan(s.sr());
    }
  },
  SCAN_OF_A_DISK_MARKED_AS_A_BASE {
    @Override
    void prepare(ManagerFaultScene s) throws IOException {
      s.markAsBase(s.disk());
    }

    @Override
    void run(ManagerFaultScene s) throws StorageException {
      s.manager().srScan(s.sr());
    }

    @Override
    Set<VdiUuid> rewritten(ManagerFaultScene s) {
      return Set.of(s.disk());
    }

    @Override
    void settle(ManagerFaultScene s, boolean succeeded) throws StorageException {
      assertThat(s.manager().srCheck(s.sr(), false, ProgressListener.NONE).findings())
          .extracting(VolumeFinding::name)
          .doesNotContain("volume-hidden");
    }

    @Override
    void settleDamaged(ManagerFaultScene s, boolean succeeded, Set<VdiUuid> readThrough) {
      // What can't be read may depend on the disk, and then it stays marked.
    }
  },
  ATTACH_AND_DETACH {
    @Override
    void run(ManagerFaultScene s) throws IOException, StorageException {
      try (NbdClient client = s.daemon().attach(s.disk(), AccessMode.RW)) {
        client.write(0, ManagerFaultScene.run(6));
        client.flush();
      }
      s.daemon().detach(s.disk());
    }

    @Override
    boolean overwrites() {
      return true;
    }

    @Override
    Set<VdiUuid> rewritten(ManagerFaultScene s) {
      return Set.of(s.disk());
    }

    @Override
    Map<VdiUuid, ManagerFaultContent> changed(ManagerFaultScene s) {
      return Map.of(s.disk(), s.content(s.disk()).with(0, 6));
    }
  },
  GUEST {
    @Override
    void prepare(ManagerFaultScene s) throws IOException {
      s.writeAsGuest(6 * MIB, READ_BYTES, 3);
    }

    @Override
    void run(ManagerFaultScene s) throws IOException {
      s.guest().write(0, ManagerFaultScene.run(4), Durability.FUA);
      s.guest().discard(0, 4096);
      s.guest().write(0, ManagerFaultScene.run(5));
      s.guest().write(4 * MIB, ManagerFaultScene.run(5));
      s.guest().writeZeroes(2 * MIB, 4096, Zeroing.ALLOCATE, Durability.WRITE_BACK);
      s.guest().writeZeroes(2 * MIB + 4096, 4096, Zeroing.MAY_DEALLOCATE, Durability.FUA);
      s.guest().flush();
      s.assertGuestReads(0, ManagerFaultContent.RUN_BYTES, 5);
      s.assertGuestReads(2 * MIB, ManagerFaultContent.RUN_BYTES, 0);
      s.assertGuestReads(6 * MIB, READ_BYTES, 3);
    }

    @Override
    boolean overwrites() {
      return true;
    }

    @Override
    Set<VdiUuid> rewritten(ManagerFaultScene s) {
      return Set.of(s.running());
    }

    @Override
    Map<VdiUuid, ManagerFaultContent> changed(ManagerFaultScene s) {
      return Map.of(
          s.running(), s.content(s.running()).with(0, 5).with(2 * MIB, 0).with(4 * MIB, 5));
    }

    @Override
    Set<Integer> between() {
      return Set.of(4, 0);
    }
  },
  FORGET_AND_INTRODUCE {
    @Override
    void run(ManagerFaultScene s) throws StorageException {
      s.manager().vdiForget(s.disk());
      s.introduceDisk();
    }

    @Override
    void settle(ManagerFaultScene s, boolean succeeded) throws StorageException {
      s.introduceDisk();
    }
  },
  DATA_DESTROY {
    @Override
    void prepare(ManagerFaultScene s) throws IOException, StorageException {
      s.track();
    }

    @Override
    void run(ManagerFaultScene s) throws StorageException {
      s.manager().vdiDataDestroy(s.tracked().getFirst());
    }

    @Override
    Set<VdiUuid> gone(ManagerFaultScene s) {
      return Set.of(s.tracked().getFirst());
    }

    @Override
    void settle(ManagerFaultScene s, boolean succeeded) throws StorageException {
      s.manager().vdiDataDestroy(s.tracked().getFirst());
      assertThat(s.changedGranules()).isEqualTo(Set.of(0, 32));
    }

    @Override
    void settleDamaged(ManagerFaultScene s, boolean succeeded, Set<VdiUuid> readThrough)
        throws StorageException {
      Set<Integer> changed;
      try {
        s.manager().vdiDataDestroy(s.tracked().getFirst());
        changed = s.changedGranules();
      } catch (StorageException noticed) {
        return;
      }
      // What changed is read from the images: a bit that flips there gets into the change log.
      if (Collections.disjoint(readThrough, s.tracked())) {
        assertThat(changed).isEqualTo(Set.of(0, 32));
      }
    }
  },
  DISABLE_CBT {
    @Override
    void prepare(ManagerFaultScene s) throws IOException, StorageException {
      s.track();
      // The newest: its data wait for the next snapshot, or for nobody to ask for changes.
      s.manager().vdiDataDestroy(s.tracked().get(1));
    }

    @Override
    void run(ManagerFaultScene s) throws StorageException {
      s.manager().vdiDisableCbt(s.tracked().getLast());
      s.manager().vdiEnableCbt(s.tracked().getLast());
    }

    @Override
    Set<VdiUuid> rewritten(ManagerFaultScene s) {
      return Set.copyOf(s.tracked());
    }

    @Override
    Set<VdiUuid> gone(ManagerFaultScene s) {
      return Set.of(s.tracked().get(1));
    }
  },
  SR_CREATE {
    @Override
    void run(ManagerFaultScene s) throws StorageException {
      s.createSecondSr();
    }

    @Override
    void settle(ManagerFaultScene s, boolean succeeded) throws IOException, StorageException {
      assertThat(s.secondSr().isPresent()).as("the SR is there").isEqualTo(succeeded);
      if (!succeeded) {
        s.createSecondSr();
      }
      s.createDiskInSecondSr();
    }
  },
  SR_DESTROY {
    @Override
    void prepare(ManagerFaultScene s) throws StorageException {
      s.createSecondSr();
    }

    @Override
    void run(ManagerFaultScene s) throws StorageException {
      s.manager().srDestroy(s.secondSr().orElseThrow());
    }

    @Override
    void settle(ManagerFaultScene s, boolean succeeded) throws IOException, StorageException {
      if (succeeded) {
        assertThat(s.secondSr()).isEmpty();
      } else if (s.secondSr().isPresent()) {
        s.manager().srDestroy(s.secondSr().get());
      }
      s.createSecondSrWithDisk();
    }
  },
  PLUG {
    @Override
    void prepare(ManagerFaultScene s) throws IOException, StorageException {
      s.createSecondSrWithDisk();
      s.manager().pbdUnplug(s.secondPbd().uuid());
    }

    @Override
    void run(ManagerFaultScene s) throws StorageException {
      s.manager().pbdPlug(s.secondPbd().uuid());
    }

    @Override
    void settle(ManagerFaultScene s, boolean succeeded) throws StorageException {
      assertThat(s.secondPbd().currentlyAttached()).as("plugged").isEqualTo(succeeded);
      s.manager().pbdPlug(s.secondPbd().uuid());
    }
  },
  UNPLUG {
    @Override
    void prepare(ManagerFaultScene s) throws IOException, StorageException {
      s.createSecondSrWithDisk();
    }

    @Override
    void run(ManagerFaultScene s) throws StorageException {
      s.manager().pbdUnplug(s.secondPbd().uuid());
    }

    @Override
    void settle(ManagerFaultScene s, boolean succeeded) throws StorageException {
      assertThat(s.secondPbd().currentlyAttached()).as("plugged").isNotEqualTo(succeeded);
      s.manager().pbdPlug(s.secondPbd().uuid());
    }
  };

  private static final int READ_BYTES = 128 << 10;

  /// Makes what only this story needs.
  void prepare(ManagerFaultScene scene) throws IOException, StorageException {}

  abstract void run(ManagerFaultScene scene) throws IOException, StorageException;

  /// VDIs to whose chains it writes.
  Set<VdiUuid> rewritten(ManagerFaultScene scene) {
    return Set.of();
  }

  /// Whether it is a collection, which the next one goes on with.
  boolean collects() {
    return false;
  }

  /// Whether it reads back what it wrote to a new VDI, and compares.
  boolean readsBack() {
    return false;
  }

  /// VDIs whose content it copies.
  Set<VdiUuid> sources(ManagerFaultScene scene) {
    return Set.of();
  }

  /// What VDIs hold once it succeeded, where that is not what they held before.
  Map<VdiUuid, ManagerFaultContent> changed(ManagerFaultScene scene) {
    return Map.of();
  }

  /// Whether it writes over a disk, so that where it failed a part of that may be as before.
  boolean overwrites() {
    return false;
  }

  /// Values that sectors which it writes over may have in between.
  Set<Integer> between() {
    return Set.of();
  }

  /// VDIs whose data are gone once it succeeded.
  Set<VdiUuid> gone(ManagerFaultScene scene) {
    return Set.of();
  }

  /// What the VDI that it makes holds; empty where it makes none.
  Optional<ManagerFaultContent> made(ManagerFaultScene scene) {
    return Optional.empty();
  }

  /// After the restart: does what was asked again where it failed, which must go now.
  void settle(ManagerFaultScene scene, boolean succeeded) throws IOException, StorageException {
    if (collects()) {
      scene.assertCollectable();
    }
  }

  /// As [#settle], after a fault that said nothing.
  ///
  /// @param readThrough VDIs that were or are read through the container that was hit
  void settleDamaged(ManagerFaultScene scene, boolean succeeded, Set<VdiUuid> readThrough)
      throws IOException, StorageException {
    if (collects()) {
      try {
        scene.manager().srGc(scene.sr());
      } catch (StorageException noticed) {
        // What can't be read keeps the collection from some of it.
      }
    } else {
      settle(scene, succeeded);
    }
  }
}
