// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.BlockDevice;
import io.strata.block.FileContainer;
import io.strata.spi.AccessMode;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.VhdTree;
import io.strata.spi.VhdTree.MergeSpec;
import io.strata.spi.Volume;
import io.strata.spi.VolumeSpec;
import io.strata.vhd.VhdCreator;
import io.strata.vhd.VhdEditor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The end of a merge on storage that fails for a moment: the disk is there, whole, whatever call
/// of the store it was, and the end is repeated.
class MergeEndFaultTest {
  private static final int SIZE = 4 << 20;
  private static final int PIECE = 4096;
  private static final int NODES = 4;

  @TempDir Path folder;

  /// @param target index of the node that takes everything: 0 is the disk, the last the lowest
  @ParameterizedTest
  @CsvSource({"open,0", "open,1", "open,2", "open,3", "replace,1", "sync,1", "delete,1"})
  void callThatFailsOnceAtTheEndLosesNothing(String call, int target) throws Exception {
    int failed = 0;
    boolean reached = true;
    for (int nth = 0; reached; nth++) {
      reached =
          endsWithAFailure(Files.createDirectory(folder.resolve("n" + nth)), call, nth, target);
      failed += reached ? 1 : 0;
    }
    assertThat(failed).as("calls of " + call).isPositive();
  }

  /// @return whether there was such a call
  private static boolean endsWithAFailure(Path sr, String failing, int nth, int target)
      throws Exception {
    List<VdiUuid> run = chain(sr);
    AtomicInteger calls = new AtomicInteger(Integer.MIN_VALUE);
    MergeSpec spec;
    try (VhdRepository repository =
        new VhdRepository(
            RefusingStore.over(
                new DirectoryStore(sr),
                (call, _) -> call.equals(failing) && calls.getAndIncrement() == nth))) {
      VhdTree tree = repository.vhdTree().orElseThrow();
      spec = MergeSpec.of(volumes(tree, run), run.get(target));
      try (VhdTree.Merge merge = tree.merge(spec)) {
        merge.copy(0, _ -> {});
        merge.ready();
        calls.set(0);
        merge.finish();
      } catch (StorageException injected) {
        assertThat(injected).hasMessageContaining("injected");
      }
    }
    try (VhdRepository repository = new VhdRepository(new DirectoryStore(sr))) {
      assertHolds(repository, run.getFirst());
      repository.vhdTree().orElseThrow().resumeFinish(spec);
      assertHolds(repository, run.getFirst());
      assertThat(repository.scan())
          .singleElement()
          .satisfies(volume -> assertThat(volume.problem()).isEmpty());
    }
    return calls.get() > nth;
  }

  private static void assertHolds(VhdRepository repository, VdiUuid disk) throws Exception {
    try (BlockDevice device = repository.open(disk, AccessMode.RO)) {
      for (int node = 0; node < NODES; node++) {
        ByteBuffer piece = ByteBuffer.allocate(PIECE);
        device.read((long) node * PIECE, piece);
        assertThat(piece.get(0)).as("written to node %d", node).isEqualTo((byte) (node + 1));
      }
    }
  }

  /// The disk, and below it hidden nodes; each holds a piece of its own.
  private static List<VdiUuid> chain(Path sr) throws Exception {
    List<VdiUuid> run = new ArrayList<>();
    for (int node = NODES - 1; node >= 0; node--) {
      VdiUuid vdi = VdiUuid.random();
      if (run.isEmpty()) {
        try (VhdRepository repository = new VhdRepository(new DirectoryStore(sr))) {
          repository.create(vdi, new VolumeSpec(SIZE, Volume.Kind.VHD));
        }
      } else {
        differencing(file(sr, vdi), file(sr, run.getFirst()));
      }
      write(sr, vdi, node);
      if (node > 0) {
        try (FileContainer image = FileContainer.openReadWrite(file(sr, vdi))) {
          VhdEditor.setHidden(image, true);
        }
      }
      run.addFirst(vdi);
    }
    return run;
  }

  private static void differencing(Path child, Path parent) throws IOException {
    try (FileContainer image = FileContainer.create(child);
        FileContainer below = FileContainer.openReadOnly(parent)) {
      VhdCreator.differencing(
          image, UUID.randomUUID(), below, String.valueOf(parent.getFileName()));
      image.flush();
    }
  }

  private static void write(Path sr, VdiUuid vdi, int node) throws Exception {
    try (VhdRepository repository = new VhdRepository(new DirectoryStore(sr));
        BlockDevice device = repository.open(vdi, AccessMode.RW)) {
      ByteBuffer piece = ByteBuffer.allocate(PIECE).put(0, (byte) (node + 1));
      device.write((long) node * PIECE, piece);
      device.flush();
    }
  }

  private static List<Volume> volumes(VhdTree tree, List<VdiUuid> run) throws StorageException {
    List<Volume> all = tree.nodes();
    return run.stream()
        .map(vdi -> all.stream().filter(v -> v.uuid().equals(vdi)).findFirst().orElseThrow())
        .toList();
  }

  private static Path file(Path sr, VdiUuid vdi) {
    return sr.resolve(vdi + ".vhd");
  }
}
