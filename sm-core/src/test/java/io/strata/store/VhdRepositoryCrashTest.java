// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.BlockDevice;
import io.strata.spi.AccessMode;
import io.strata.spi.Clones.CloneSpec;
import io.strata.spi.Snapshots.SnapshotSpec;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.VhdTree.MergeProgress;
import io.strata.spi.Volume;
import io.strata.spi.VolumeSpec;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Stops each operation after each change it makes to the store, attaches again, and compares.
final class VhdRepositoryCrashTest {
  private static final long SIZE_BYTES = 4 << 20;
  private static final int MOST_CHANGES = 200;

  @TempDir Path folder;

  private static final MergeProgress QUIET = _ -> {};

  private final VdiUuid volume = VdiUuid.random();
  private final VdiUuid snapshot = VdiUuid.random();
  private final VdiUuid base = VdiUuid.random();
  private final VdiUuid copy = VdiUuid.random();
  private final VdiUuid copyBase = VdiUuid.random();
  private final VdiUuid displaced = VdiUuid.random();

  /// What is stopped.
  @FunctionalInterface
  private interface Operation {
    void run(VhdRepository repository) throws Exception;
  }

  /// What must hold afterwards, with the operation replayed or not.
  @FunctionalInterface
  private interface Check {
    void run(VhdRepository repository) throws Exception;
  }

  private static VhdRepository attach(Path place) throws StorageException {
    return new VhdRepository(new DirectoryStore(place));
  }

  private static void fill(VhdRepository repository, VdiUuid vdi, int value) throws Exception {
    try (BlockDevice device = repository.open(vdi, AccessMode.RW)) {
      write(device, value);
    }
  }

  private static void write(BlockDevice device, int value) throws Exception {
    byte[] bytes = new byte[64 << 10];
    Arrays.fill(bytes, (byte) value);
    device.write((long) value << 16, ByteBuffer.wrap(bytes));
    device.flush();
  }

  private static void assertWritten(VhdRepository repository, VdiUuid vdi, Integer... values)
      throws Exception {
    List<Integer> expected = List.of(values);
    try (BlockDevice device = repository.open(vdi, AccessMode.RO)) {
      for (int value = 1; value < 8; value++) {
        ByteBuffer first = ByteBuffer.allocate(1);
        device.read((long) value << 16, first);
        assertThat((int) first.get(0))
            .as("content of %s at %d", vdi, value)
            .isEqualTo(expected.contains(value) ? value : 0);
      }
    }
  }

  private static boolean exists(VhdRepository repository, VdiUuid vdi) throws Exception {
    return repository.scan().stream().anyMatch(v -> v.uuid().equals(vdi) && !v.hidden());
  }

  private static void assertClean(VhdRepository repository, Path place) throws Exception {
    for (Volume node : repository.scan()) {
      assertThat(node.problem()).as("%s", node).isEmpty();
    }
    try (var files = Files.list(place)) {
      assertThat(files.map(f -> f.getFileName().toString()).filter(n -> n.startsWith(".strata-")))
          .isEmpty();
    }
  }

  /// Runs the operation once for each number of changes until it gets through.
  private void stopEverywhere(Operation before, Operation stopped, Check after) throws Exception {
    for (int changes = 0; changes < MOST_CHANGES; changes++) {
      Path place = Files.createDirectory(folder.resolve(Integer.toString(changes)));
      VhdRepository prepared = attach(place);
      before.run(prepared);
      prepared.close();
      StoppingStore store = new StoppingStore(new DirectoryStore(place), changes);
      try {
        stopped.run(new VhdRepository(store));
      } catch (StoppingStore.PowerLost lost) {
        assertThat(store.stopped()).isTrue();
      }
      try (VhdRepository again = attach(place)) {
        after.run(again);
        assertClean(again, place);
      } catch (AssertionError | Exception failed) {
        throw new AssertionError("stopped at change " + changes, failed);
      }
      if (!store.stopped()) {
        assertThat(changes).isPositive();
        return;
      }
    }
    throw new AssertionError("the operation never got through");
  }

  private void createAndFill(VhdRepository repository) throws Exception {
    repository.create(volume, new VolumeSpec(SIZE_BYTES, Volume.Kind.VHD));
    fill(repository, volume, 1);
  }

  private SnapshotSpec snapshotSpec() {
    return new SnapshotSpec(volume, snapshot, base);
  }

  private void snapshot(VhdRepository repository) throws Exception {
    var prepared = repository.snapshots().orElseThrow().prepare(snapshotSpec());
    prepared.commit();
    prepared.release();
  }

  @Test
  void stoppedSnapshotIsFinishedOrLeavesNoTrace() throws Exception {
    stopEverywhere(
        this::createAndFill,
        this::snapshot,
        again -> {
          boolean made = again.snapshots().orElseThrow().recover(snapshotSpec());
          assertThat(exists(again, snapshot)).isEqualTo(made);
          assertThat(again.snapshots().orElseThrow().recover(snapshotSpec())).isEqualTo(made);
          assertWritten(again, volume, 1);
          fill(again, volume, 2);
          assertWritten(again, volume, 1, 2);
          if (made) {
            assertWritten(again, snapshot, 1);
            again.delete(snapshot);
            assertWritten(again, volume, 1, 2);
          }
          again.delete(volume);
          assertThat(again.scan()).isEmpty();
        });
  }

  @Test
  void stoppedSnapshotIsReplayed() throws Exception {
    stopEverywhere(
        this::createAndFill,
        this::snapshot,
        again -> {
          snapshot(again);
          fill(again, volume, 2);
          snapshot(again);
          assertWritten(again, snapshot, 1);
          assertWritten(again, volume, 1, 2);
        });
  }

  @Test
  void stoppedSnapshotOfOpenVolumeKeepsWhatWasFlushed() throws Exception {
    stopEverywhere(
        this::createAndFill,
        repository -> {
          try (BlockDevice device = repository.open(volume, AccessMode.RW)) {
            write(device, 2);
            var prepared = repository.snapshots().orElseThrow().prepare(snapshotSpec());
            write(device, 3);
            BlockDevice next = prepared.commit().device().orElseThrow();
            prepared.release();
            write(next, 4);
            next.close();
          }
        },
        again -> {
          boolean made = again.snapshots().orElseThrow().recover(snapshotSpec());
          boolean later = written(again, volume, 4);
          boolean early = written(again, volume, 2);
          assertThat(written(again, volume, 1)).isTrue();
          assertThat(!later || made).isTrue();
          if (made) {
            assertThat(early).isTrue();
            // Where the snapshot was only prepared, its point in time is the power cut.
            boolean during = written(again, snapshot, 3);
            assertThat(!later || during).isTrue();
            Integer[] kept = during ? new Integer[] {1, 2, 3} : new Integer[] {1, 2};
            assertWritten(again, snapshot, kept);
            fill(again, volume, 5);
            assertWritten(again, snapshot, kept);
          }
        });
  }

  private static boolean written(VhdRepository repository, VdiUuid vdi, int value)
      throws Exception {
    try (BlockDevice device = repository.open(vdi, AccessMode.RO)) {
      ByteBuffer first = ByteBuffer.allocate(1);
      device.read((long) value << 16, first);
      return first.get(0) == value;
    }
  }

  @Test
  void stoppedCloneIsReplayed() throws Exception {
    CloneSpec spec = new CloneSpec(snapshot, copy, copyBase);
    stopEverywhere(
        repository -> {
          createAndFill(repository);
          snapshot(repository);
          fill(repository, volume, 2);
        },
        repository -> {
          repository.clones().orElseThrow().clone(new CloneSpec(volume, copy, copyBase));
        },
        again -> {
          assertWritten(again, volume, 1, 2);
          again.clones().orElseThrow().clone(new CloneSpec(volume, copy, copyBase));
          fill(again, copy, 3);
          fill(again, volume, 4);
          assertWritten(again, copy, 1, 2, 3);
          assertWritten(again, volume, 1, 2, 4);
          assertWritten(again, spec.source(), 1);
          again.delete(volume);
          assertWritten(again, copy, 1, 2, 3);
          again.delete(copy);
          assertWritten(again, snapshot, 1);
          again.delete(snapshot);
          assertThat(again.scan()).isEmpty();
        });
  }

  @Test
  void stoppedRevertIsReplayed() throws Exception {
    stopEverywhere(
        repository -> {
          createAndFill(repository);
          snapshot(repository);
          fill(repository, volume, 2);
        },
        repository -> repository.snapshots().orElseThrow().revert(volume, snapshot, displaced),
        again -> {
          assertThat(written(again, volume, 1)).isTrue();
          again.snapshots().orElseThrow().revert(volume, snapshot, displaced);
          assertWritten(again, volume, 1);
          fill(again, volume, 3);
          assertWritten(again, volume, 1, 3);
          assertWritten(again, snapshot, 1);
          again.delete(snapshot);
          assertWritten(again, volume, 1, 3);
          again.delete(volume);
          assertThat(again.scan()).isEmpty();
        });
  }

  @Test
  void stoppedDeleteLeavesNothingOnceReplayed() throws Exception {
    stopEverywhere(
        repository -> {
          createAndFill(repository);
          snapshot(repository);
          fill(repository, volume, 2);
          repository.delete(snapshot);
        },
        repository -> repository.delete(volume),
        again -> {
          if (exists(again, volume)) {
            assertWritten(again, volume, 1, 2);
          }
          again.delete(volume);
          again.delete(volume);
          for (Volume left : again.scan()) {
            assertThat(left.hidden()).as("%s", left).isTrue();
            again.delete(left.uuid());
          }
          assertThat(again.scan()).isEmpty();
        });
  }

  @Test
  void stoppedDeleteOfItsOnlyChildLeavesADiskThatIsMarkedAsABase() throws Exception {
    stopEverywhere(
        repository -> {
          createAndFill(repository);
          snapshot(repository);
          repository.delete(volume);
        },
        repository -> {
          repository.vhdTree().orElseThrow().disks(base::equals);
          repository.delete(snapshot);
        },
        again -> assertWritten(again, base, 1));
  }

  @Test
  void stoppedMergeOfARunningLeafIsEnded() throws Exception {
    stopEverywhere(
        repository -> {
          createAndFill(repository);
          snapshot(repository);
          fill(repository, volume, 2);
          repository.delete(snapshot);
        },
        repository -> {
          try (BlockDevice device = repository.open(volume, AccessMode.RW)) {
            try (var absorption = repository.vhdTree().orElseThrow().absorb(volume)) {
              absorption.begin();
              write(device, 3);
              absorption.copy(QUIET);
              absorption.finish();
              absorption.end();
            }
            write(device, 4);
          }
        },
        again -> {
          assertThat(again.vhdTree().orElseThrow().recoverAbsorption(volume)).isTrue();
          assertThat(written(again, volume, 1)).isTrue();
          assertThat(written(again, volume, 2)).isTrue();
          fill(again, volume, 5);
          assertThat(again.vhdTree().orElseThrow().recoverAbsorption(volume)).isTrue();
          assertThat(written(again, volume, 5)).isTrue();
          again.delete(volume);
          assertThat(again.scan()).isEmpty();
        });
  }

  @Test
  void stoppedCreateIsReplayed() throws Exception {
    VolumeSpec spec = new VolumeSpec(SIZE_BYTES, Volume.Kind.VHD);
    stopEverywhere(
        _ -> {},
        repository -> repository.create(volume, spec),
        again -> {
          again.create(volume, spec);
          assertThat(again.create(volume, spec).virtualSizeBytes()).isEqualTo(SIZE_BYTES);
          assertWritten(again, volume);
        });
  }
}
