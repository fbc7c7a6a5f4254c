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
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A disk over a hidden parent of its own, into which it is merged.
class LeafAbsorptionTest {
  private static final long SIZE = 6 << 20;
  private static final int BLOCK = 2 << 20;

  @TempDir Path folder;

  private final VdiUuid disk = VdiUuid.random();
  private final VdiUuid parent = VdiUuid.random();

  /// What copies hear of, but for what a test does then.
  private record Following(ThrowingCallable then) implements MergeProgress {
    @Override
    public void merged(long bytes) {
      try {
        then.call();
      } catch (Throwable failed) {
        throw new AssertionError(failed);
      }
    }

    @Override
    public void durableUpTo(int block) {}
  }

  private static final MergeProgress QUIET = new Following(() -> {});

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
        assertSaysThatNothingIsWrong(() -> absorption.copy(new Following(device::close)));
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
  private ContainerStore syncing(AtomicBoolean refused) throws IOException {
    ContainerStore below = new DirectoryStore(folder);
    return (ContainerStore)
        Proxy.newProxyInstance(
            ContainerStore.class.getClassLoader(),
            new Class<?>[] {ContainerStore.class},
            (_, method, arguments) -> {
              if (method.getName().equals("sync") && refused.get()) {
                throw new IOException("injected");
              }
              try {
                return method.invoke(below, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  /// Nothing vouches for the parent's way back to its own name: both must get what is written.
  @Test
  void parentThatWentBackWithoutABarrierGetsWhatIsWritten() throws Exception {
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
      device.write(0, ByteBuffer.wrap(new byte[] {9}));
      device.flush();
      device.close();
    }
    // The names of a power cut that only the first change of them survives.
    Files.move(file(parent), draft());
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
}
