// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.sim.MemoryContainer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.UUID;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Disks that end within a block, of programs that fill the block's rest.
final class BeyondEndTest {
  private static final int MIB = 1 << 20;
  private static final int SIZE_BYTES = 3 * MIB + 512;
  private static final int LAST_BLOCK = 1;

  @ParameterizedTest
  @ValueSource(ints = {SIZE_BYTES + 512, 4 * MIB, 7 * MIB + 512})
  void growthWithinTheLastBlockIsZero(int newSizeBytes) throws IOException {
    MemoryContainer image = MemoryContainer.create("disk.vhd");
    VhdCreator.dynamic(image, new UUID(1, 1), SIZE_BYTES);
    byte[] data = new byte[SIZE_BYTES];
    Arrays.fill(data, (byte) 1);
    try (VhdChain chain = open(image, true)) {
      chain.write(0, ByteBuffer.wrap(data));
    }
    fillLastBlock(image);
    assertThat(content(image)).isEqualTo(data);
    VhdEditor.resize(image.reopen(true), newSizeBytes);
    assertThat(content(image)).isEqualTo(Arrays.copyOf(data, newSizeBytes));
    assertThat(Batmap.read(image, VhdMetadata.read(image)).get(LAST_BLOCK)).isFalse();
    try (VhdChain chain = open(image, true)) {
      chain.write(SIZE_BYTES, ByteBuffer.wrap(new byte[] {2}));
    }
    byte[] written = Arrays.copyOf(data, newSizeBytes);
    written[SIZE_BYTES] = 2;
    assertThat(content(image)).isEqualTo(written);
  }

  /// Bits, data and batmap as of a block that is full to its end.
  private static void fillLastBlock(MemoryContainer image) throws IOException {
    VhdMetadata metadata = VhdMetadata.read(image);
    BlockGeometry geometry = new BlockGeometry(VhdLayout.DEFAULT_BLOCK_BYTES);
    long sector = AllocationTable.load(image, metadata).sector(LAST_BLOCK);
    byte[] bits = new byte[geometry.bitmapBytes()];
    Arrays.fill(bits, (byte) 0xFF);
    image.write(sector * 512, ByteBuffer.wrap(bits), Durability.WRITE_BACK);
    int within = SIZE_BYTES / 512 % geometry.sectorsPerBlock();
    byte[] junk = new byte[(geometry.sectorsPerBlock() - within) * 512];
    Arrays.fill(junk, (byte) 0x5A);
    long at = (sector + geometry.bitmapSectors() + within) * 512;
    image.write(at, ByteBuffer.wrap(junk), Durability.WRITE_BACK);
    BitSet full = Batmap.read(image, metadata);
    full.set(LAST_BLOCK);
    Batmap.write(image, metadata, full);
  }

  private static byte[] content(MemoryContainer image) throws IOException {
    try (VhdChain chain = open(image, false)) {
      ByteBuffer bytes = ByteBuffer.allocate((int) chain.sizeBytes());
      chain.read(0, bytes);
      return bytes.array();
    }
  }

  private static VhdChain open(MemoryContainer image, boolean writable) throws IOException {
    return VhdChain.open(image.reopen(writable), writable, ParentResolver.none());
  }
}
