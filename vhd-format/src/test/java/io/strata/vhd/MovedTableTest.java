// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static io.strata.vhd.VhdLayout.HEADER_BYTES;
import static io.strata.vhd.VhdLayout.HEADER_CHECKSUM_AT;
import static io.strata.vhd.VhdLayout.HEADER_LOCATORS_AT;
import static io.strata.vhd.VhdLayout.LOCATOR_RESERVED_AT;
import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.sim.MemoryContainer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.UUID;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Growth for which the BAT is written elsewhere.
final class MovedTableTest {
  private static final int SIZE_BYTES = VhdLayout.DEFAULT_BLOCK_BYTES;

  /// Within the name after its end, at a locator's reserved field, and in the reserved bytes at the
  /// end.
  @ParameterizedTest
  @ValueSource(ints = {570, HEADER_LOCATORS_AT + LOCATOR_RESERVED_AT, HEADER_BYTES - 1})
  void headerWithBytesOfAnotherProgramIsStillRead(int at) throws IOException {
    MemoryContainer image = MemoryContainer.create("disk.vhd");
    VhdCreator.dynamic(image, new UUID(1, 1), SIZE_BYTES);
    try (VhdChain chain = VhdChain.open(image.reopen(true), true, ParentResolver.none())) {
      chain.write(0, ByteBuffer.wrap(new byte[] {1}));
    }
    long headerAt = VhdMetadata.read(image).footer().dataOffsetBytes();
    ByteBuffer header = Bytes.read(image, headerAt, HEADER_BYTES);
    header.put(at, (byte) 0x5A);
    header.putInt(HEADER_CHECKSUM_AT, Checksums.of(header, 0, HEADER_BYTES, HEADER_CHECKSUM_AT));
    image.write(headerAt, header.clear(), Durability.WRITE_BACK);
    long sizeBytes = 1000L * SIZE_BYTES;
    VhdEditor.resize(image.reopen(true), sizeBytes);
    assertThat(Bytes.read(image, headerAt, HEADER_BYTES).get(at)).isEqualTo((byte) 0x5A);
    try (VhdChain chain = VhdChain.open(image.reopen(true), true, ParentResolver.none())) {
      assertThat(chain.sizeBytes()).isEqualTo(sizeBytes);
      ByteBuffer found = ByteBuffer.allocate(1);
      chain.read(0, found);
      assertThat(found.get(0)).isEqualTo((byte) 1);
      chain.write(sizeBytes - 1, ByteBuffer.wrap(new byte[] {2}));
    }
  }
}
