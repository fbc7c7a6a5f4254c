// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.sim.MemoryContainer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A batmap that calls a block full that is not allocated: of a program that gave the block up and
/// does not know of batmaps.
final class StaleBatmapTest {
  private static final int SIZE_BYTES = 2 * VhdLayout.DEFAULT_BLOCK_BYTES;
  private static final int PIECE_BYTES = 4096;

  private final MemoryContainer parent = MemoryContainer.create("parent.vhd");
  private final MemoryContainer child = MemoryContainer.create("child.vhd");
  private final byte[] expected = new byte[SIZE_BYTES];

  @BeforeEach
  void create() throws IOException {
    Arrays.fill(expected, (byte) 1);
    VhdCreator.dynamic(parent, new UUID(1, 1), SIZE_BYTES);
    try (VhdChain chain = VhdChain.open(parent.reopen(true), true, ParentResolver.none())) {
      chain.write(0, ByteBuffer.wrap(expected));
    }
    VhdCreator.differencing(child, new UUID(2, 2), parent, "parent.vhd");
    BitSet full = new BitSet();
    full.set(0);
    Batmap.write(child, VhdMetadata.read(child), full);
    assertThat(Batmap.read(child, VhdMetadata.read(child)).get(0)).isTrue();
  }

  @Test
  void parentsDataStaysWhereTheBlockIsAllocated() throws IOException {
    try (VhdChain chain = open(true)) {
      write(chain);
      assertThat(content(chain)).isEqualTo(expected);
    }
    try (VhdChain chain = open(false)) {
      assertThat(content(chain)).isEqualTo(expected);
    }
  }

  /// The batmap is put right at the end; a crash comes before that.
  @Test
  void parentsDataStaysWhereTheWriterDies() throws IOException {
    VhdChain dies = open(true);
    write(dies);
    dies.flush();
    try (VhdChain chain = open(false)) {
      assertThat(content(chain)).isEqualTo(expected);
    }
  }

  private VhdChain open(boolean writable) throws IOException {
    return VhdChain.open(child.reopen(writable), writable, (_, _) -> parent.reopen(false));
  }

  private void write(VhdChain chain) throws IOException {
    Arrays.fill(expected, 0, PIECE_BYTES, (byte) 2);
    chain.write(0, ByteBuffer.wrap(expected, 0, PIECE_BYTES));
  }

  private static byte[] content(VhdChain chain) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(SIZE_BYTES);
    chain.read(0, bytes);
    return bytes.array();
  }
}
