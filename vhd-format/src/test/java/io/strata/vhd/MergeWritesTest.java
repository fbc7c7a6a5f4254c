// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.BlockDevice.Zeroing;
import io.strata.block.Container;
import io.strata.block.ForwardingContainer;
import io.strata.block.WriteQueue;
import io.strata.block.sim.MemoryContainer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/// Which pieces of a merge go past the page cache, and when they are there.
class MergeWritesTest {
  private static final int BLOCK_BYTES = VhdLayout.DEFAULT_BLOCK_BYTES;
  private static final int PIECE_BYTES = 4096;
  private static final int BLOCKS = 8;
  private static final int MANY_BLOCKS = 400;

  private static final ParentResolver NO_PARENT =
      (link, child) -> {
        throw new VhdRejectedException(child + " needs " + link);
      };

  private final MemoryContainer parent = MemoryContainer.create("parent.vhd");
  private final MemoryContainer child = MemoryContainer.create("child.vhd");
  private final WatchedTarget target = new WatchedTarget(parent.reopen(true));

  private final List<Integer> durable = new ArrayList<>();

  private final MergeListener listener =
      new MergeListener() {
        @Override
        public void merged(long bytes) {}

        @Override
        public void durableUpTo(int block) {
          assertThat(target.held).isEmpty();
          durable.add(block);
        }
      };

  @Test
  void smallPiecesIntoFullBlocksGoDirectAndAreThereBeforeTheMergeIsDurable() throws IOException {
    makeParent(BLOCK_BYTES);
    makeChild(PIECE_BYTES);
    merge(TargetUse.EXCLUSIVE);
    assertThat(durable).endsWith(BLOCKS);
    assertThat(target.direct).hasSize(BLOCKS);
    assertThat(target.closedQueues).isOne();
    checkParent();
  }

  /// With half of each block as zeroes, which count as merged too, there are several commits.
  @Test
  void piecesAreThereBeforeEachCommit() throws IOException {
    VhdCreator.fixed(parent, UUID.randomUUID(), (long) MANY_BLOCKS * BLOCK_BYTES);
    VhdCreator.differencing(child, UUID.randomUUID(), parent, "parent.vhd");
    try (VhdChain chain = VhdChain.open(child.reopen(true), true, (_, _) -> parent.reopen(false))) {
      byte[] piece = new byte[PIECE_BYTES];
      Arrays.fill(piece, (byte) 2);
      for (long block = 0; block < MANY_BLOCKS; block++) {
        chain.write(block * BLOCK_BYTES, ByteBuffer.wrap(piece));
        chain.writeZeroes(
            block * BLOCK_BYTES + BLOCK_BYTES / 2,
            BLOCK_BYTES / 2,
            Zeroing.MAY_DEALLOCATE,
            Durability.WRITE_BACK);
      }
      chain.flush();
    }
    merge(TargetUse.EXCLUSIVE);
    assertThat(durable).hasSizeGreaterThan(1).endsWith(MANY_BLOCKS);
    assertThat(target.direct).hasSize(MANY_BLOCKS);
    checkParent();
  }

  @Test
  void targetThatOthersUseIsWrittenThroughTheCache() throws IOException {
    makeParent(BLOCK_BYTES);
    makeChild(PIECE_BYTES);
    merge(TargetUse.SHARED);
    assertThat(target.direct).isEmpty();
    checkParent();
  }

  @Test
  void piecesWhoseMetadataIsStillToComeAreWrittenThroughTheCache() throws IOException {
    makeParent(BLOCK_BYTES - PIECE_BYTES);
    makeChild(PIECE_BYTES);
    merge(TargetUse.EXCLUSIVE);
    assertThat(target.direct).isEmpty();
    checkParent();
  }

  @Test
  void largePiecesAreWrittenThroughTheCache() throws IOException {
    makeParent(BLOCK_BYTES);
    makeChild(BLOCK_BYTES / 2);
    merge(TargetUse.EXCLUSIVE);
    assertThat(target.direct).isEmpty();
    checkParent();
  }

  @Test
  void piecesThatTheQueueDoesNotTakeAreWrittenThroughTheCache() throws IOException {
    makeParent(BLOCK_BYTES);
    makeChild(PIECE_BYTES);
    target.takes = false;
    merge(TargetUse.EXCLUSIVE);
    assertThat(target.direct).isEmpty();
    checkParent();
  }

  @Test
  void failedPieceFailsTheMergeBeforeAnythingCountsAsDurable() throws IOException {
    makeParent(BLOCK_BYTES);
    makeChild(PIECE_BYTES);
    target.fails = true;
    assertThatThrownBy(() -> merge(TargetUse.EXCLUSIVE)).hasMessage("failed");
    assertThat(durable).isEmpty();
    assertThat(target.closedQueues).isOne();
  }

  /// @param bytesInEach so many bytes of each block hold data
  private void makeParent(int bytesInEach) throws IOException {
    VhdCreator.dynamic(parent, UUID.randomUUID(), (long) BLOCKS * BLOCK_BYTES);
    fill(VhdChain.open(parent.reopen(true), true, NO_PARENT), bytesInEach, 1);
  }

  private void makeChild(int bytesInEach) throws IOException {
    VhdCreator.differencing(child, UUID.randomUUID(), parent, "parent.vhd");
    fill(VhdChain.open(child.reopen(true), true, (_, _) -> parent.reopen(false)), bytesInEach, 2);
  }

  private static void fill(VhdChain opened, int bytesInEach, int value) throws IOException {
    byte[] bytes = new byte[bytesInEach];
    Arrays.fill(bytes, (byte) value);
    try (VhdChain chain = opened) {
      for (long block = 0; block < BLOCKS; block++) {
        chain.write(block * BLOCK_BYTES, ByteBuffer.wrap(bytes));
      }
      chain.flush();
    }
  }

  private void merge(TargetUse use) throws IOException {
    try (VhdMerge merge = VhdMerge.open(List.of(child.reopen(false), target), 1, use)) {
      merge.run(0, listener);
    }
  }

  private void checkParent() throws IOException {
    try (VhdChain merged = VhdChain.open(parent.reopen(false), false, NO_PARENT)) {
      for (long block = 0; block < BLOCKS; block++) {
        ByteBuffer bytes = ByteBuffer.allocate(PIECE_BYTES);
        merged.read(block * BLOCK_BYTES, bytes);
        assertThat(bytes.array()).containsOnly(2);
      }
    }
  }

  /// A target whose queue makes its writes when it is drained.
  private static final class WatchedTarget extends ForwardingContainer {
    private final List<Long> direct = new ArrayList<>();
    private final List<Long> held = new ArrayList<>();
    private boolean takes = true;
    private boolean fails;
    private int closedQueues;

    WatchedTarget(Container below) {
      super(below);
    }

    @Override
    public void flush() throws IOException {
      assertThat(held).as("pieces not drained before a flush").isEmpty();
      super.flush();
    }

    @Override
    public Optional<WriteQueue> directWrites() {
      List<ByteBuffer> bytes = new ArrayList<>();
      return Optional.of(
          new WriteQueue() {
            @Override
            public boolean offer(long offsetBytes, ByteBuffer source) {
              if (takes) {
                direct.add(offsetBytes);
                held.add(offsetBytes);
                bytes.add(ByteBuffer.allocate(source.remaining()).put(source).flip());
              }
              return takes;
            }

            @Override
            public void drain() throws IOException {
              if (fails) {
                throw new IOException("failed");
              }
              for (int i = 0; i < held.size(); i++) {
                below.write(held.get(i), bytes.get(i), Durability.WRITE_BACK);
              }
              held.clear();
              bytes.clear();
            }

            @Override
            public void close() {
              held.clear();
              closedQueues++;
            }
          });
    }
  }
}
