// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.Container;
import io.strata.block.ForwardingContainer;
import io.strata.block.sim.MemoryContainer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/// What a merge lets memory forget of its target.
class MergeCacheTest {
  private static final int BLOCK_BYTES = VhdLayout.DEFAULT_BLOCK_BYTES;
  private static final int PIECE_BYTES = 4096;

  private static final int BLOCKS = 8;

  private static final ParentResolver NO_PARENT =
      (link, child) -> {
        throw new VhdRejectedException(child + " needs " + link);
      };

  private final MemoryContainer parent = MemoryContainer.create("parent.vhd");
  private final MemoryContainer child = MemoryContainer.create("child.vhd");

  /// Offsets in the target.
  private final List<Long> dropped = new ArrayList<>();

  /// Where small pieces were written in the target.
  private final List<Long> pieces = new ArrayList<>();

  @Test
  void smallPiecesIntoFullBlocksDropWhatIsAroundBeforeTheyCome() throws IOException {
    makeParent(BLOCK_BYTES);
    makeChild(PIECE_BYTES);
    merge(TargetUse.EXCLUSIVE);
    assertThat(pieces).hasSize(BLOCKS);
    List<Long> windows =
        pieces.stream()
            .map(at -> at / CacheDrop.WINDOW_BYTES * CacheDrop.WINDOW_BYTES)
            .distinct()
            .toList();
    // Not all where the first takes long, on a busy machine.
    assertThat(dropped).startsWith(windows.getFirst()).isSubsetOf(windows).doesNotHaveDuplicates();
  }

  @Test
  void targetThatOthersUseStaysInMemory() throws IOException {
    makeParent(BLOCK_BYTES);
    makeChild(PIECE_BYTES);
    merge(TargetUse.SHARED);
    assertThat(dropped).isEmpty();
  }

  @Test
  void bitmapsThatAreNeededStayInMemory() throws IOException {
    makeParent(BLOCK_BYTES - PIECE_BYTES);
    makeChild(PIECE_BYTES);
    merge(TargetUse.EXCLUSIVE);
    assertThat(dropped).isEmpty();
  }

  @Test
  void largePiecesGoToWhatIsInMemory() throws IOException {
    makeParent(BLOCK_BYTES);
    makeChild(BLOCK_BYTES / 2);
    merge(TargetUse.EXCLUSIVE);
    assertThat(dropped).isEmpty();
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
    try (VhdMerge merge =
        VhdMerge.open(
            List.of(child.reopen(false), new WatchedTarget(parent.reopen(true))), 1, use)) {
      merge.run(0, MergeListener.none());
    }
    try (VhdChain merged = VhdChain.open(parent.reopen(false), false, NO_PARENT)) {
      for (long block = 0; block < BLOCKS; block++) {
        ByteBuffer bytes = ByteBuffer.allocate(PIECE_BYTES);
        merged.read(block * BLOCK_BYTES, bytes);
        assertThat(bytes.array()).containsOnly(2);
      }
    }
  }

  private final class WatchedTarget extends ForwardingContainer {
    WatchedTarget(Container below) {
      super(below);
    }

    @Override
    public void write(long offsetBytes, ByteBuffer source, Durability durability)
        throws IOException {
      if (source.remaining() == PIECE_BYTES) {
        pieces.add(offsetBytes);
      }
      super.write(offsetBytes, source, durability);
    }

    @Override
    public void dropCached(long offsetBytes, long lengthBytes) {
      assertThat(pieces)
          .as("pieces before")
          .noneMatch(piece -> piece >= offsetBytes && piece < offsetBytes + lengthBytes);
      dropped.add(offsetBytes);
    }
  }
}
