// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.strata.block.BlockDevice;
import io.strata.block.FileContainer;
import io.strata.spi.AccessMode;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.VhdTree;
import io.strata.spi.VhdTree.MergeProgress;
import io.strata.spi.Volume;
import io.strata.spi.VolumeSpec;
import io.strata.vhd.VhdCreator;
import io.strata.vhd.VhdEditor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A disk over a hidden parent of its own, into which it is merged.
class LeafAbsorptionTest {
  private static final long SIZE = 6 << 20;
  private static final int BLOCK = 2 << 20;

  @TempDir Path folder;

  private final VdiUuid disk = VdiUuid.random();
  private final VdiUuid parent = VdiUuid.random();

  /// What copies hear of, but for what a test does then.
  private static MergeProgress following(ThrowingCallable then) {
    return _ -> {
      try {
        then.call();
      } catch (Throwable failed) {
        throw new AssertionError(failed);
      }
    };
  }

  private static final MergeProgress QUIET = _ -> {};

  @BeforeEach
  void makeChain() throws IOException, StorageException {
    try (VhdRepository repository = open()) {
      repository.create(parent, new VolumeSpec(SIZE, Volume.Kind.VHD));
      write(repository, parent, 0, 1);
    }
    try (FileContainer image = FileContainer.create(file(disk));
        FileContainer below = FileContainer.openReadWrite(file(parent))) {
      VhdCreator.differencing(image, UUID.randomUUID(), below, parent + ".vhd");
      image.flush();
      VhdEditor.setHidden(below, true);
    }
    try (VhdRepository repository = open()) {
      write(repository, disk, BLOCK, 2);
      write(repository, disk, 2L * BLOCK, 3);
    }
  }

  private VhdRepository open() throws StorageException {
    return new VhdRepository(new DirectoryStore(folder));
  }

  private Path file(VdiUuid vdi) {
    return folder.resolve(vdi + ".vhd");
  }

  private Path draft() {
    return folder.resolve(VolumeName.draft(disk));
  }

  private static void write(VhdRepository repository, VdiUuid vdi, long offset, int value)
      throws IOException, StorageException {
    try (BlockDevice device = repository.open(vdi, AccessMode.RW)) {
      device.write(offset, ByteBuffer.wrap(new byte[] {(byte) value}));
      device.flush();
    }
  }

  private void assertWhole(VhdRepository repository) throws IOException, StorageException {
    try (BlockDevice device = repository.open(disk, AccessMode.RO)) {
      for (int block = 0; block < 3; block++) {
        ByteBuffer first = ByteBuffer.allocate(1);
        device.read((long) block * BLOCK, first);
        assertThat(first.get(0)).isEqualTo((byte) (block + 1));
      }
    }
  }

  private void assertMerged(VhdRepository repository) throws IOException, StorageException {
    assertWhole(repository);
    assertThat(repository.scan()).hasSize(1).noneMatch(Volume::hidden);
    assertThat(draft()).doesNotExist();
  }

  private static void assertSaysThatNothingIsWrong(ThrowingCallable merging) {
    StorageException said = catchThrowableOfType(StorageException.class, merging);
    assertThat(said.what()).contains("it was detached, or another operation needs it");
    assertThat(said.remedy()).startsWith("Nothing needs to be done");
  }

  @Test
  void detachWhileItsLeafIsCopiedIsNoFailureOfTheStorage() throws Exception {
    try (VhdRepository repository = open()) {
      BlockDevice device = repository.open(disk, AccessMode.RW);
      try (VhdTree.Absorption absorption = repository.vhdTree().orElseThrow().absorb(disk)) {
        absorption.begin();
        assertSaysThatNothingIsWrong(() -> absorption.copy(following(device::close)));
      }
      assertWhole(repository);
    }
  }

  @Test
  void detachBetweenStepsIsNoFailureOfTheStorage() throws Exception {
    try (VhdRepository repository = open()) {
      BlockDevice device = repository.open(disk, AccessMode.RW);
      try (VhdTree.Absorption absorption = repository.vhdTree().orElseThrow().absorb(disk)) {
        absorption.begin();
        absorption.copy(QUIET);
        device.close();
        assertSaysThatNothingIsWrong(absorption::finish);
      }
      BlockDevice again = repository.open(disk, AccessMode.RW);
      try (VhdTree.Absorption absorption = repository.vhdTree().orElseThrow().absorb(disk)) {
        again.close();
        assertSaysThatNothingIsWrong(absorption::begin);
      }
      assertWhole(repository);
    }
  }

  /// The names of a power cut after the parent lost its own.
  private void mergeUpToTheDraft() throws IOException, StorageException {
    try (VhdRepository repository = open();
        BlockDevice device = repository.open(disk, AccessMode.RW);
        VhdTree.Absorption absorption = repository.vhdTree().orElseThrow().absorb(disk)) {
      absorption.begin();
      absorption.copy(QUIET);
      device.flush();
    }
    Files.move(file(parent), draft());
  }

  @Test
  void recoveryEndsWhatIsHalfwayWithoutANewStart() throws Exception {
    mergeUpToTheDraft();
    Path aside = folder.resolve("aside");
    Files.move(draft(), aside);
    try (VhdRepository repository = open()) {
      Files.move(aside, draft());
      VhdTree tree = repository.vhdTree().orElseThrow();
      assertThat(tree.recoverAbsorption(disk)).isTrue();
      assertMerged(repository);
      assertThat(tree.recoverAbsorption(disk)).isTrue();
      assertMerged(repository);
    }
  }

  @Test
  void recoveryLeavesNothingOfADiskThatIsGone() throws Exception {
    mergeUpToTheDraft();
    Path aside = folder.resolve("aside");
    Files.move(draft(), aside);
    try (VhdRepository repository = open()) {
      Files.move(aside, draft());
      Files.delete(file(disk));
      assertThat(repository.vhdTree().orElseThrow().recoverAbsorption(disk)).isTrue();
      assertThat(repository.scan()).isEmpty();
      assertThat(draft()).doesNotExist();
    }
  }

  /// A store whose names can't be made durable while a test says so.
  private ContainerStore syncing(AtomicBoolean refused) {
    return RefusingStore.over(
        new DirectoryStore(folder), (call, _) -> call.equals("sync") && refused.get());
  }

  /// Nothing vouches for the parent's way back to its own name: both must get what is written,
  /// whichever name a power cut leaves, and nobody else may write to the parent meanwhile.
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void parentThatWentBackWithoutABarrierGetsWhatIsWritten(boolean back) throws Exception {
    AtomicBoolean refused = new AtomicBoolean();
    try (VhdRepository repository = new VhdRepository(syncing(refused))) {
      BlockDevice device = repository.open(disk, AccessMode.RW);
      try (VhdTree.Absorption absorption = repository.vhdTree().orElseThrow().absorb(disk)) {
        absorption.begin();
        absorption.copy(QUIET);
        refused.set(true);
        var _ = catchThrowableOfType(StorageException.class, absorption::finish);
        var _ = catchThrowableOfType(StorageException.class, absorption::abandon);
        refused.set(false);
      }
      assertThat(repository.scan()).extracting(Volume::uuid).doesNotContain(parent);
      device.write(0, ByteBuffer.wrap(new byte[] {9}));
      device.flush();
      device.close();
    }
    if (back) {
      Files.move(draft(), file(parent));
    }
    try (VhdRepository repository = open();
        BlockDevice device = repository.open(disk, AccessMode.RO)) {
      ByteBuffer first = ByteBuffer.allocate(1);
      device.read(0, first);
      assertThat(first.get(0)).as("what a flush vouched for").isEqualTo((byte) 9);
    }
  }

  /// Then the leaf may be written alone: its parent must have its own name for good.
  @Test
  void recoveryIsNotOverBeforeTheNamesAreDurable() throws Exception {
    AtomicBoolean refused = new AtomicBoolean(true);
    try (VhdRepository repository = new VhdRepository(syncing(refused))) {
      VhdTree tree = repository.vhdTree().orElseThrow();
      var said = catchThrowableOfType(StorageException.class, () -> tree.recoverAbsorption(disk));
      assertThat(said).isNotNull();
      refused.set(false);
      assertThat(tree.recoverAbsorption(disk)).isTrue();
    }
  }

  /// Its own name was all that it could be given, and its device writes to it still.
  @Test
  void parentThatCouldNotBeHiddenAgainIsNotMerged() throws Exception {
    AtomicInteger replaced = new AtomicInteger();
    RefusingStore.Refusal refusal =
        (call, _) ->
            call.equals("sync") || (call.equals("replace") && replaced.getAndIncrement() >= 2);
    try (VhdRepository repository =
            new VhdRepository(RefusingStore.over(new DirectoryStore(folder), refusal));
        BlockDevice device = repository.open(disk, AccessMode.RW)) {
      VhdTree tree = repository.vhdTree().orElseThrow();
      try (VhdTree.Absorption absorption = tree.absorb(disk)) {
        absorption.begin();
        absorption.copy(QUIET);
        var said = catchThrowableOfType(StorageException.class, absorption::finish);
        assertThat(said).isNotNull();
      }
      assertThat(file(parent)).exists();
      device.flush();
      List<Volume> run = List.of(volume(repository, disk), volume(repository, parent));
      var refused =
          catchThrowableOfType(
              StorageException.class, () -> tree.merge(VhdTree.MergeSpec.of(run, parent)));
      assertThat(refused.what()).contains("is being merged already");
    }
  }

  private static Volume volume(VhdRepository repository, VdiUuid vdi) throws StorageException {
    return repository.volume(vdi).orElseThrow();
  }
}
