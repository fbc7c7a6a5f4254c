// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.strata.block.BlockDevice;
import io.strata.block.FileContainer;
import io.strata.block.GranuleBitmap;
import io.strata.gc.GcAction;
import io.strata.gc.GcPlanner;
import io.strata.spi.AccessMode;
import io.strata.spi.ChangedBlocks;
import io.strata.spi.ErrorCode;
import io.strata.spi.Snapshots.SnapshotSpec;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.VhdTree;
import io.strata.spi.VhdTree.MergeProgress;
import io.strata.spi.VhdTree.MergeSpec;
import io.strata.spi.Volume;
import io.strata.spi.VolumeSpec;
import io.strata.vhd.VhdCreator;
import io.strata.vhd.VhdEditor;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CoalesceTest {
  private static final int SIZE = 6 << 20;

  private static final MergeProgress QUIET = _ -> {};

  @TempDir Path folder;

  private final Map<VdiUuid, byte[]> models = new LinkedHashMap<>();
  private final VdiUuid disk = VdiUuid.random();
  private @Nullable VhdRepository compared;

  @Test
  void diskThatIsDeletedOnceItsMergeIsPlannedStaysDeleted() throws Exception {
    VdiUuid base = overHiddenBase();
    differencing(VdiUuid.random(), disk);
    try (VhdRepository repository = new VhdRepository(new DirectoryStore(folder))) {
      VhdTree tree = repository.vhdTree().orElseThrow();
      MergeSpec planned = spec(tree, List.of(disk, base), base);
      repository.delete(disk);
      assertThatThrownBy(() -> tree.merge(planned))
          .isInstanceOf(StorageException.class)
          .hasMessageContaining("was deleted");
      tree.merge(spec(tree, List.of(disk, base), base)).close();
    }
  }

  /// The names, the parents and the sizes are as they were; only the plan's versions tell.
  @Test
  void mergeIsRefusedOnceAnythingOfItsRunChanged() throws Exception {
    VdiUuid base = overHiddenBase();
    try (VhdRepository repository = new VhdRepository(new DirectoryStore(folder))) {
      VhdTree tree = repository.vhdTree().orElseThrow();
      MergeSpec planned = spec(tree, List.of(disk, base), base);
      try (BlockDevice device = repository.open(disk, AccessMode.RW)) {
        device.write(0, ByteBuffer.wrap(new byte[] {1}));
      }
      assertThatThrownBy(() -> tree.merge(planned))
          .isInstanceOf(StorageException.class)
          .hasMessageContaining("when planned");
      try (VhdTree.Merge merge = tree.merge(spec(tree, List.of(disk, base), base))) {
        merge.copy(0, QUIET);
        merge.finish();
      }
      assertThat(repository.scan()).hasSize(1);
    }
  }

  /// What can't be read for a while may be a child of what the merge removes.
  @Test
  void mergeIsNotEndedWhileSomethingCantBeRead() throws Exception {
    VdiUuid low = VdiUuid.random();
    VdiUuid high = VdiUuid.random();
    VdiUuid sibling = VdiUuid.random();
    create(low);
    differencing(high, low);
    differencing(disk, high);
    differencing(sibling, high);
    hide(low, high);
    try (VhdRepository repository = new VhdRepository(new DirectoryStore(folder))) {
      VhdTree tree = repository.vhdTree().orElseThrow();
      MergeSpec planned = spec(tree, List.of(high, low), low);
      byte[] image = Files.readAllBytes(file(sibling));
      try (VhdTree.Merge merge = tree.merge(planned)) {
        merge.copy(0, QUIET);
        Files.write(file(sibling), new byte[image.length]);
        repository.scan();
        assertThatThrownBy(merge::finish)
            .isInstanceOf(StorageException.class)
            .hasMessageContaining(sibling + ".vhd");
      }
      assertThatThrownBy(() -> tree.resumeFinish(planned)).isInstanceOf(StorageException.class);
      Files.write(file(sibling), image);
      assertThat(repository.scan())
          .hasSize(4)
          .allSatisfy(volume -> assertThat(volume.problem()).isEmpty());
      tree.resumeFinish(planned);
      assertThat(repository.scan())
          .hasSize(3)
          .allSatisfy(volume -> assertThat(volume.problem()).isEmpty());
    }
  }

  @Test
  void parentGoesWithItsLastChildUnlessItMayBeADisk() throws Exception {
    VdiUuid base = overHiddenBase();
    VdiUuid other = VdiUuid.random();
    differencing(other, base);
    differencing(VdiUuid.random(), base);
    try (VhdRepository repository = new VhdRepository(new DirectoryStore(folder))) {
      VhdTree tree = repository.vhdTree().orElseThrow();
      tree.disks(_ -> {
        throw new StorageException(ErrorCode.SM_GENERAL, "It can't be read.", "Look at it.");
      });
      for (Volume volume : repository.scan()) {
        if (!volume.hidden()) {
          repository.delete(volume.uuid());
        }
      }
      assertThat(repository.scan()).singleElement().returns(base, Volume::uuid);
      tree.disks(_ -> false);
      differencing(other, base);
      repository.scan();
      repository.delete(other);
      assertThat(repository.scan()).isEmpty();
    }
  }

  /// Without it the disk would show as a base until a scan. A failure that passes is not one of the
  /// merge, and one that stays is.
  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void lastStepOfAMergeThatFailsIsDoneOnceMore(int failures) throws Exception {
    VdiUuid base = overHiddenBase();
    int[] left = {failures};
    ContainerStore store =
        RefusingStore.over(
            new DirectoryStore(folder),
            (call, arguments) ->
                call.equals("open")
                    && arguments.equals(List.of(disk + ".vhd", true))
                    && !Files.exists(file(base))
                    && left[0]-- > 0);
    try (VhdRepository repository = new VhdRepository(store)) {
      VhdTree tree = repository.vhdTree().orElseThrow();
      try (VhdTree.Merge merge = tree.merge(spec(tree, List.of(disk, base), base))) {
        merge.copy(0, QUIET);
        if (failures == 1) {
          merge.finish();
        } else {
          assertThatThrownBy(merge::finish)
              .isInstanceOf(StorageException.class)
              .hasMessageContaining("injected");
        }
      }
      assertThat(left[0]).isNotPositive();
      assertThat(repository.scan())
          .singleElement()
          .returns(disk, Volume::uuid)
          .returns(failures > 1, Volume::hidden);
    }
  }

  /// Two that write to one image would each take the other's new blocks for free room.
  @Test
  void nodeOfAMergeUnderWayIsNotMergedOtherwise() throws Exception {
    VdiUuid low = VdiUuid.random();
    VdiUuid middle = VdiUuid.random();
    VdiUuid other = VdiUuid.random();
    create(low);
    differencing(middle, low);
    differencing(disk, middle);
    differencing(other, middle);
    hide(low, middle);
    try (VhdRepository repository = new VhdRepository(new DirectoryStore(folder))) {
      VhdTree tree = repository.vhdTree().orElseThrow();
      try (VhdTree.Merge merge = tree.merge(spec(tree, List.of(middle, low), low))) {
        merge.copy(0, QUIET);
        repository.delete(other);
        MergeSpec again = spec(tree, List.of(middle, low), middle);
        try (BlockDevice _ = repository.open(disk, AccessMode.RW)) {
          assertRefused(() -> tree.absorb(disk));
          assertRefused(() -> tree.merge(again));
          merge.finish();
          tree.absorb(disk).close();
        }
      }
      assertThat(repository.scan()).hasSize(2);
    }
  }

  /// What a guest reads through a run stays in memory; what nobody reads need not.
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void mergeTakesOnlyFromMemoryWhatNoGuestReads(boolean attached) throws Exception {
    assumeFalse(Files.getFileStore(folder).type().equals("tmpfs"), "a tmpfs is but cache");
    VdiUuid base = VdiUuid.random();
    VdiUuid middle = VdiUuid.random();
    create(base);
    fill(base, SIZE);
    differencing(middle, base);
    fill(middle, 4096);
    differencing(disk, middle);
    hide(base, middle);
    try (VhdRepository repository = new VhdRepository(new DirectoryStore(folder));
        Closeable _ = attached ? repository.open(disk, AccessMode.RO) : () -> {}) {
      VhdTree tree = repository.vhdTree().orElseThrow();
      assertThat(Files.readAllBytes(file(base))).hasSizeGreaterThan(SIZE);
      assertThat(cached(file(base))).isTrue();
      try (VhdTree.Merge merge = tree.merge(spec(tree, List.of(middle, base), base))) {
        merge.copy(0, QUIET);
      }
      assertThat(cached(file(base))).isEqualTo(attached);
    }
  }

  private void fill(VdiUuid vdi, int lengthBytes) throws Exception {
    try (VhdRepository repository = new VhdRepository(new DirectoryStore(folder));
        BlockDevice device = repository.open(vdi, AccessMode.RW)) {
      byte[] bytes = new byte[lengthBytes];
      Arrays.fill(bytes, (byte) 1);
      device.write(0, ByteBuffer.wrap(bytes));
      device.flush();
    }
  }

  private static boolean cached(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file);
        Arena arena = Arena.ofConfined()) {
      return channel.map(FileChannel.MapMode.READ_ONLY, 0, SIZE, arena).isLoaded();
    }
  }

  /// Its new parent would be written into an image that the other merge knows better.
  @Test
  void mergeWaitsForThatOfANodeAboveIt() throws Exception {
    VdiUuid low = VdiUuid.random();
    VdiUuid middle = VdiUuid.random();
    VdiUuid high = VdiUuid.random();
    create(low);
    differencing(middle, low);
    differencing(high, middle);
    differencing(disk, high);
    differencing(VdiUuid.random(), middle);
    hide(low, middle, high);
    try (VhdRepository repository = new VhdRepository(new DirectoryStore(folder))) {
      VhdTree tree = repository.vhdTree().orElseThrow();
      try (VhdTree.Merge below = tree.merge(spec(tree, List.of(middle, low), low))) {
        below.copy(0, QUIET);
        try (VhdTree.Merge above = tree.merge(spec(tree, List.of(disk, high), high))) {
          above.copy(0, QUIET);
          assertRefused(below::ready);
          above.finish();
        }
        below.ready();
        below.finish();
      }
      assertThat(repository.scan())
          .hasSize(3)
          .allSatisfy(volume -> assertThat(volume.problem()).isEmpty());
    }
  }

  private static void assertRefused(ThrowingCallable merging) {
    assertThatThrownBy(merging)
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("is being merged already");
  }

  private void create(VdiUuid vdi) throws Exception {
    try (VhdRepository repository = new VhdRepository(new DirectoryStore(folder))) {
      repository.create(vdi, new VolumeSpec(SIZE, Volume.Kind.VHD));
    }
  }

  private void hide(VdiUuid... nodes) throws Exception {
    for (VdiUuid node : nodes) {
      try (FileContainer image = FileContainer.openReadWrite(file(node))) {
        VhdEditor.setHidden(image, true);
      }
    }
  }

  /// Makes the disk, over a hidden base of its own.
  private VdiUuid overHiddenBase() throws Exception {
    VdiUuid base = VdiUuid.random();
    create(base);
    differencing(disk, base);
    hide(base);
    return base;
  }

  /// A plan of nodes as they are now.
  private static MergeSpec spec(VhdTree tree, List<VdiUuid> run, VdiUuid target)
      throws StorageException {
    Map<VdiUuid, Volume> nodes = new LinkedHashMap<>();
    tree.nodes().forEach(node -> nodes.put(node.uuid(), node));
    return MergeSpec.of(
        run.stream().map(vdi -> Optional.ofNullable(nodes.get(vdi)).orElseThrow()).toList(),
        target);
  }

  private Path file(VdiUuid vdi) {
    return folder.resolve(vdi + ".vhd");
  }

  private void differencing(VdiUuid vdi, VdiUuid parent) throws IOException {
    try (FileContainer image = FileContainer.create(file(vdi));
        FileContainer below = FileContainer.openReadOnly(file(parent))) {
      VhdCreator.differencing(image, UUID.randomUUID(), below, parent + ".vhd");
      image.flush();
    }
  }

  /// Random snapshots, clones and deletions, with a disk that is written all the time; then
  /// everything that can be collected is, in the order planned. Every disk keeps its bytes.
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void collectionKeepsEveryDisksBytes(long seed) throws Exception {
    Random random = new Random(seed);
    try (VhdRepository repository = new VhdRepository(new DirectoryStore(folder))) {
      repository.create(disk, new VolumeSpec(SIZE, Volume.Kind.VHD));
      models.put(disk, new byte[SIZE]);
      BlockDevice device = repository.open(disk, AccessMode.RW);
      for (int i = 0; i < 14; i++) {
        write(device, random);
        device = snapshot(repository, device);
        if (random.nextInt(3) == 0) {
          cloneOne(repository, random);
        }
        if (models.size() > 3 && random.nextInt(2) == 0) {
          deleteOne(repository, random);
        }
      }
      while (models.size() > 3) {
        deleteOne(repository, random);
      }
      int before = repository.scan().size();
      checkChanges(repository, "before, seed " + seed);
      device = collect(repository, device, random);
      assertThat(repository.scan().size()).isLessThan(before);
      assertThat(GcPlanner.plan(repository.scan(), Set.of(disk)))
          .as("seed %d", seed)
          .allMatch(GcAction.Keep.class::isInstance);
      check(repository, device, seed);
      write(device, random);
      device.flush();
      device.close();
    }
    try (VhdRepository repository = new VhdRepository(new DirectoryStore(folder))) {
      try (BlockDevice device = repository.open(disk, AccessMode.RW)) {
        check(repository, device, seed);
      }
    }
  }

  private BlockDevice collect(VhdRepository repository, BlockDevice open, Random random)
      throws Exception {
    VhdTree tree = repository.vhdTree().orElseThrow();
    compared = repository;
    BlockDevice device = open;
    for (int round = 0; round < 40; round++) {
      for (GcAction action : GcPlanner.plan(scanned(repository), Set.of(disk))) {
        if (action instanceof GcAction.Keep) {
          continue;
        }
        switch (action) {
          case GcAction.Remove remove -> repository.delete(remove.node());
          case GcAction.MergeRun run -> merge(tree, run.spec(), device, random);
          case GcAction.MergeLeaf leaf -> {
            if (leaf.below().size() == 1 && random.nextBoolean()) {
              absorb(tree, device, random);
            } else {
              VdiUuid base = VdiUuid.random();
              var frozen = tree.prepareFreeze(disk, base);
              device = frozen.commit().device().orElseThrow();
              frozen.release();
              write(device, random);
              List<VdiUuid> run = new ArrayList<>(leaf.below());
              run.addFirst(base);
              merge(tree, spec(tree, run, run.get(random.nextInt(run.size()))), device, random);
            }
          }
          case GcAction.Keep _ -> {}
        }
        checkChanges(repository, "after round " + round);
        var prepared = tree.prepareRefresh(disk);
        prepared.commit();
        prepared.release();
        write(device, random);
        break;
      }
    }
    for (GcAction action : GcPlanner.plan(repository.scan(), Set.of(disk))) {
      if (action instanceof GcAction.MergeLeaf leaf && leaf.below().size() == 1) {
        absorb(tree, device, random);
      }
    }
    return device;
  }

  /// The disk is written before and after each step, and while its content is copied.
  private void absorb(VhdTree tree, BlockDevice device, Random random) throws Exception {
    try (VhdTree.Absorption absorption = tree.absorb(disk)) {
      write(device, random);
      absorption.begin();
      write(device, random);
      absorption.copy(_ -> {
        try {
          write(device, random);
        } catch (Exception failed) {
          throw new AssertionError(failed);
        }
      });
      if (random.nextInt(4) == 0) {
        return;
      }
      absorption.finish();
      write(device, random);
      absorption.end();
      write(device, random);
    }
  }

  /// What is on the storage, which is what the repository knew without looking at all of it.
  private List<Volume> scanned(VhdRepository repository) throws Exception {
    Map<VdiUuid, Volume> known = new LinkedHashMap<>();
    try (var files = Files.list(folder)) {
      for (String name : files.map(f -> f.getFileName().toString()).toList()) {
        Optional<VdiUuid> vdi =
            VolumeName.parse(name).filter(VolumeName::isVolume).map(VolumeName::vdi);
        if (vdi.isPresent()) {
          known.put(vdi.get(), repository.volume(vdi.get()).orElseThrow());
        }
      }
    }
    List<Volume> onStorage = repository.scan();
    assertThat(known.values()).containsExactlyInAnyOrderElementsOf(onStorage);
    return onStorage;
  }

  private void merge(VhdTree tree, MergeSpec spec, BlockDevice device, Random random)
      throws Exception {
    try (VhdTree.Merge merge = tree.merge(spec)) {
      merge.copy(
          0,
          new MergeProgress() {
            @Override
            public void merged(long bytes) throws StorageException {
              try {
                if (random.nextInt(10) == 0) {
                  write(device, random);
                  checkChanges(java.util.Objects.requireNonNull(compared), "within a merge");
                }
              } catch (IOException e) {
                throw new AssertionError(e);
              }
            }

            @Override
            public void durableUpTo(int block) {}
          });
      merge.finish();
    }
  }

  /// Between any two disks every granule that differs is marked.
  private void checkChanges(VhdRepository repository, String when) throws StorageException {
    ChangedBlocks facet = repository.changedBlocks().orElseThrow();
    for (Map.Entry<VdiUuid, byte[]> from : models.entrySet()) {
      for (Map.Entry<VdiUuid, byte[]> to : models.entrySet()) {
        GranuleBitmap changed = facet.changed(from.getKey(), to.getKey());
        for (int g = 0; g < changed.granules(); g++) {
          int start = g * GranuleBitmap.GRANULE_BYTES;
          int end = start + GranuleBitmap.GRANULE_BYTES;
          boolean same = Arrays.equals(from.getValue(), start, end, to.getValue(), start, end);
          assertThat(same || changed.marked(g))
              .as("%s: %s to %s, granule %d", when, from.getKey(), to.getKey(), g)
              .isTrue();
        }
      }
    }
  }

  private void check(VhdRepository repository, BlockDevice device, long seed) throws Exception {
    checkChanges(repository, "seed " + seed);
    for (Map.Entry<VdiUuid, byte[]> entry : models.entrySet()) {
      if (entry.getKey().equals(disk)) {
        assertThat(read(device)).as("seed %d", seed).isEqualTo(entry.getValue());
      } else {
        try (BlockDevice other = repository.open(entry.getKey(), AccessMode.RO)) {
          assertThat(read(other)).as("seed %d", seed).isEqualTo(entry.getValue());
        }
      }
    }
  }

  private BlockDevice snapshot(VhdRepository repository, BlockDevice device)
      throws StorageException {
    VdiUuid snapshot = VdiUuid.random();
    var prepared =
        repository
            .snapshots()
            .orElseThrow()
            .prepare(new SnapshotSpec(disk, snapshot, VdiUuid.random()));
    models.put(snapshot, Objects.requireNonNull(models.get(disk)).clone());
    BlockDevice next = prepared.commit().device().orElse(device);
    prepared.release();
    return next;
  }

  private void cloneOne(VhdRepository repository, Random random) throws StorageException {
    VdiUuid source = any(random);
    VdiUuid copy = VdiUuid.random();
    repository
        .clones()
        .orElseThrow()
        .clone(new io.strata.spi.Clones.CloneSpec(source, copy, VdiUuid.random()));
    models.put(copy, Objects.requireNonNull(models.get(source)).clone());
  }

  private void deleteOne(VhdRepository repository, Random random) throws StorageException {
    VdiUuid victim = any(random);
    repository.delete(victim);
    models.remove(victim);
  }

  private VdiUuid any(Random random) {
    List<VdiUuid> others = models.keySet().stream().filter(v -> !v.equals(disk)).toList();
    return others.get(random.nextInt(others.size()));
  }

  private void write(BlockDevice device, Random random) throws IOException {
    byte[] model = models.get(disk);
    for (int i = 0; i < 6; i++) {
      int offset = random.nextInt(SIZE / 512) * 512;
      int length = Math.min(SIZE - offset, (1 + random.nextInt(300)) * 512);
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
  }

  private static byte[] read(BlockDevice device) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(SIZE);
    device.read(0, bytes);
    return bytes.array();
  }
}
