// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Commits of which one write fails, once, and what the next one makes of it.
final class LeafCommitTest {
  private static final int BLOCK_BYTES = VhdLayout.DEFAULT_BLOCK_BYTES;
  private static final int PIECE_BYTES = 4096;

  /// As many as have their entries in two sectors of the BAT.
  private static final int BLOCKS = 2 * AllocationTable.ENTRIES_PER_SECTOR;

  private static final List<Integer> OLD = List.of(7, 9, 200);
  private static final List<Integer> NEW = List.of(3, 5, 130, 140);

  private final MemoryContainer image = MemoryContainer.create("disk.vhd");
  private final Watched watched = new Watched(image.reopen(true));

  /// The first four writes are the bitmaps of new blocks; the others follow the first barrier.
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 5, 6, 8, 9})
  void theNextCommitCoversEverythingThatAFailedOneTook(int nth) throws IOException {
    create();
    try (VhdChain chain = open()) {
      write(chain, OLD, 0, 1);
      chain.flush();
      write(chain, OLD, BLOCK_BYTES / 2, 2);
      write(chain, NEW, 0, 3);
      watched.failWrite(nth);
      assertThatThrownBy(chain::flush).hasMessage("write failed");
      chain.flush();
    }
    check(OLD, 0, 1);
    check(OLD, BLOCK_BYTES / 2, 2);
    check(NEW, 0, 3);
  }

  /// The BAT on disk may name it: newer bits must not come before their data.
  @Test
  void bitmapOfABlockWhoseEntryWasWrittenWaitsForItsData() throws IOException {
    create();
    try (VhdChain chain = open()) {
      write(chain, NEW, 0, 1);
      // Four bitmaps and the first sector of the BAT are written.
      watched.failWrite(6);
      assertThatThrownBy(chain::flush).hasMessage("write failed");
      write(chain, NEW, BLOCK_BYTES / 2, 2);
      watched.calls.clear();
      chain.flush();
      assertThat(watched.calls).startsWith("flush").endsWith("flush");
      assertThat(watched.calls).filteredOn("write"::equals).hasSize(NEW.size() + 2);
    }
    check(NEW, 0, 1);
    check(NEW, BLOCK_BYTES / 2, 2);
  }

  private void create() throws IOException {
    VhdCreator.dynamic(image, new UUID(1, 1), (long) BLOCKS * BLOCK_BYTES);
  }

  private VhdChain open() throws IOException {
    return VhdChain.open(watched, true, ParentResolver.none());
  }

  private static byte[] piece(int value) {
    byte[] bytes = new byte[PIECE_BYTES];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  private static void write(VhdChain chain, List<Integer> blocks, int inBlock, int value)
      throws IOException {
    for (int block : blocks) {
      chain.write((long) block * BLOCK_BYTES + inBlock, ByteBuffer.wrap(piece(value)));
    }
  }

  private void check(List<Integer> blocks, int inBlock, int value) throws IOException {
    try (VhdChain chain = VhdChain.open(image.reopen(false), false, ParentResolver.none())) {
      for (int block : blocks) {
        ByteBuffer found = ByteBuffer.allocate(PIECE_BYTES);
        chain.read((long) block * BLOCK_BYTES + inBlock, found);
        assertThat(found.array()).as("block %d", block).isEqualTo(piece(value));
      }
    }
  }

  /// Notes calls, and fails a write once.
  private static final class Watched extends ForwardingContainer {
    private final List<String> calls = new ArrayList<>();
    private int untilFailure;

    Watched(Container below) {
      super(below);
    }

    void failWrite(int nth) {
      untilFailure = nth;
    }

    @Override
    public void write(long offsetBytes, ByteBuffer source, Durability durability)
        throws IOException {
      calls.add("write");
      if (untilFailure > 0 && --untilFailure == 0) {
        throw new IOException("write failed");
      }
      super.write(offsetBytes, source, durability);
    }

    @Override
    public void flush() throws IOException {
      calls.add("flush");
      super.flush();
    }
  }
}
