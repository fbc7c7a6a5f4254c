// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.sim.MemoryContainer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.UUID;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Bitmaps of small blocks, of programs that set bits after the last sector's.
final class PaddedBitmapTest {
  private static final int SECTOR_BYTES = VhdLayout.SECTOR_BYTES;

  private final MemoryContainer parent = MemoryContainer.create("parent.vhd");
  private final MemoryContainer child = MemoryContainer.create("child.vhd");

  @ParameterizedTest
  @ValueSource(ints = {4096, 8192, 16384, 32768})
  void paddingCountsAsNoSector(int blockBytes) throws IOException {
    byte[] expected = new byte[blockBytes];
    Arrays.fill(expected, (byte) 1);
    VhdCreator.dynamic(parent, new UUID(1, 1), blockBytes, blockBytes);
    try (VhdChain chain = VhdChain.open(parent.reopen(true), true, ParentResolver.none())) {
      chain.write(0, ByteBuffer.wrap(expected));
    }
    VhdCreator.differencing(child, new UUID(2, 2), parent, "parent.vhd");
    Arrays.fill(expected, 0, SECTOR_BYTES, (byte) 2);
    try (VhdChain chain = open()) {
      chain.write(0, ByteBuffer.wrap(expected, 0, SECTOR_BYTES));
    }
    setPadding(blockBytes / SECTOR_BYTES);
    try (VhdChain chain = open()) {
      ByteBuffer found = ByteBuffer.allocate(blockBytes);
      chain.read(0, found);
      assertThat(found.array()).isEqualTo(expected);
    }
  }

  private VhdChain open() throws IOException {
    return VhdChain.open(child.reopen(true), true, (_, _) -> parent.reopen(false));
  }

  /// With the one sector that is present, as many bits as a full block has.
  private void setPadding(int sectors) throws IOException {
    long at = AllocationTable.load(child, VhdMetadata.read(child)).sector(0) * SECTOR_BYTES;
    ByteBuffer bitmap = Bytes.read(child, at, SECTOR_BYTES);
    for (int bit = sectors; bit < Math.min(2 * sectors - 1, Long.SIZE); bit++) {
      bitmap.put(bit / 8, (byte) (bitmap.get(bit / 8) | 0x80 >>> bit % 8));
    }
    child.write(at, bitmap.clear(), Durability.WRITE_BACK);
  }
}
