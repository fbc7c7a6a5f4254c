// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.BlockDevice.Zeroing;
import io.strata.block.Container;
import io.strata.block.FileContainer;
import io.strata.block.sim.FaultContainer;
import io.strata.block.sim.FaultPlan;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Merges that are large enough for several commits.
class MergeCommitsTest {
  private static final int BLOCK_BYTES = VhdLayout.DEFAULT_BLOCK_BYTES;
  private static final int BLOCKS = 400;
  private static final int PIECE_BYTES = 4096;
  private static final long SEED = Long.getLong("strata.seed", 1);

  @TempDir Path folder;
  private final List<Long> pieces = new ArrayList<>();

  /// A parent with data at the start of each block, and a child that holds other data and zeroes in
  /// each.
  @BeforeEach
  void makeImages() throws IOException {
    System.out.println("-Dstrata.seed=" + SEED);
    try (FileContainer parent = FileContainer.create(parent())) {
      VhdCreator.dynamic(parent, UUID.randomUUID(), (long) BLOCKS * BLOCK_BYTES);
    }
    try (VhdChain chain = open(parent(), true)) {
      for (long block = 0; block < BLOCKS; block++) {
        write(chain, block * BLOCK_BYTES, 1);
      }
    }
    try (FileContainer child = FileContainer.create(child());
        FileContainer parent = FileContainer.openReadOnly(parent())) {
      VhdCreator.differencing(child, UUID.randomUUID(), parent, "parent.vhd");
    }
    Random random = new Random(SEED);
    try (VhdChain chain = open(child(), true)) {
      for (long block = 0; block < BLOCKS; block++) {
        long at = block * BLOCK_BYTES + random.nextInt(100) * (long) PIECE_BYTES;
        write(chain, at, 2);
        pieces.add(at);
        chain.writeZeroes(
            block * BLOCK_BYTES + BLOCK_BYTES / 2,
            BLOCK_BYTES / 2,
            Zeroing.MAY_DEALLOCATE,
            Durability.WRITE_BACK);
      }
    }
  }

  @Test
  void listenerIsToldOfAllBytesAndOfEachCommit() throws IOException {
    long[] merged = {0};
    List<Integer> durable = new ArrayList<>();
    try (VhdMerge merge = merge()) {
      merge.run(
          0,
          new MergeListener() {
            @Override
            public void merged(long bytes) {
              merged[0] += bytes;
            }

            @Override
            public void durableUpTo(int block) {
              durable.add(block);
            }
          });
    }
    assertThat(merged[0]).isEqualTo((long) BLOCKS * (PIECE_BYTES + BLOCK_BYTES / 2));
    assertThat(durable).hasSizeGreaterThan(1).isSorted().endsWith(BLOCKS);
    checkParent();
  }

  @Test
  void mergeThatItsListenerStopsSaysWhyAndGoesOnFromWhatIsDurable() throws IOException {
    IOException reason = new IOException("stopped");
    int[] durable = {0};
    assertThatThrownBy(
            () -> {
              try (VhdMerge merge = merge()) {
                merge.run(
                    0,
                    new MergeListener() {
                      @Override
                      public void merged(long bytes) throws IOException {
                        if (durable[0] > 0) {
                          throw reason;
                        }
                      }

                      @Override
                      public void durableUpTo(int block) {
                        durable[0] = block;
                      }
                    });
              }
            })
        .isSameAs(reason);
    assertThat(durable[0]).isBetween(1, BLOCKS - 1);
    try (VhdMerge merge = merge()) {
      merge.run(durable[0], MergeListener.none());
    }
    checkParent();
  }

  /// What the listener was told to be durable is not merged again.
  @Test
  void mergeGoesOnFromWhatIsDurableAfterAPowerCut() throws IOException {
    int[] durable = {0};
    FaultContainer parent =
        new FaultContainer(FileContainer.openReadWrite(parent()), FaultPlan.none());
    try (VhdMerge merge = merge(parent)) {
      merge.run(
          0,
          new MergeListener() {
            @Override
            public void merged(long bytes) {}

            @Override
            public void durableUpTo(int block) throws IOException {
              if (durable[0] == 0) {
                durable[0] = block;
                parent.losePower();
                throw new IOException("the power went");
              }
            }
          });
    } catch (IOException expected) {
      assertThat(expected).hasMessage("the power went");
    }
    assertThat(durable[0]).isBetween(1, BLOCKS - 1);
    try (VhdMerge merge = merge()) {
      merge.run(durable[0], MergeListener.none());
    }
    checkParent();
  }

  private VhdMerge merge() throws IOException {
    return merge(FileContainer.openReadWrite(parent()));
  }

  private VhdMerge merge(Container parent) throws IOException {
    return VhdMerge.open(
        List.of(FileContainer.openReadOnly(child()), parent), 1, TargetUse.EXCLUSIVE);
  }

  private void checkParent() throws IOException {
    try (VhdChain merged = open(parent(), false)) {
      ByteBuffer bytes = ByteBuffer.allocate(PIECE_BYTES);
      for (int block = 0; block < BLOCKS; block++) {
        long start = (long) block * BLOCK_BYTES;
        merged.read(pieces.get(block), bytes.clear());
        assertThat(bytes.array()).as("block %d", block).containsOnly(2);
        merged.read(start, bytes.clear());
        assertThat(bytes.array())
            .as("block %d", block)
            .containsOnly(pieces.get(block) == start ? 2 : 1);
        merged.read(start + BLOCK_BYTES / 2, bytes.clear());
        assertThat(bytes.array()).as("block %d", block).containsOnly(0);
      }
    }
  }

  private static void write(VhdChain chain, long at, int value) throws IOException {
    byte[] bytes = new byte[PIECE_BYTES];
    java.util.Arrays.fill(bytes, (byte) value);
    chain.write(at, ByteBuffer.wrap(bytes));
  }

  private VhdChain open(Path file, boolean writable) throws IOException {
    FileContainer container =
        writable ? FileContainer.openReadWrite(file) : FileContainer.openReadOnly(file);
    return VhdChain.open(container, writable, new FolderParents(folder));
  }

  private Path parent() {
    return folder.resolve("parent.vhd");
  }

  private Path child() {
    return folder.resolve("child.vhd");
  }
}
