// SPDX-License-Identifier: Apache-2.0
package io.strata.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.block.BlockDevice;
import io.strata.spi.AccessMode;
import io.strata.spi.DeviceConfig;
import io.strata.spi.VdiUuid;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The contract for drivers whose storage can be made so small that it runs out.
abstract class BoundedRepositoryContract extends RepositoryContract {
  private static final int MIB = 1 << 20;
  private static final int POOL_BYTES = 32 * MIB;
  private static final int MOST_WRITES = 256;

  @TempDir Path small;

  @Test
  void runningOutOfSpaceFailsTheWriteAndLosesNothingFlushed() throws Exception {
    DeviceConfig config =
        new DeviceConfig(
            Map.of(
                "location", small.resolve("sr").toString(), "size", Integer.toString(POOL_BYTES)));
    try (SrFixture sr = SrFixture.create(type(), config)) {
      VdiUuid vdi = sr.create(256L * MIB);
      VdiUuid spare = sr.create(4L * MIB);
      int written = 0;
      try (BlockDevice device = sr.open(vdi, AccessMode.RW)) {
        written = writeUntilFull(device);
        assertThat(written).isBetween(1, POOL_BYTES / MIB);
      }
      sr.reattach();
      verify(sr, vdi, written);
      sr.repository().delete(spare);
      sr.repository().delete(vdi);
      VdiUuid next = sr.create(4L * MIB);
      try (BlockDevice device = sr.open(next, AccessMode.RW)) {
        device.write(0, block(1));
        device.flush();
      }
    }
  }

  private static int writeUntilFull(BlockDevice device) throws IOException {
    int[] written = new int[1];
    assertThatThrownBy(
            () -> {
              while (written[0] < MOST_WRITES) {
                device.write((long) written[0] * MIB, block(written[0] + 1));
                device.flush();
                written[0]++;
              }
            })
        .isInstanceOf(IOException.class)
        .hasMessageContaining("No space left");
    return written[0];
  }

  private static ByteBuffer block(int value) {
    ByteBuffer block = ByteBuffer.allocate(MIB);
    while (block.hasRemaining()) {
      block.put((byte) value);
    }
    return block.flip();
  }

  private static void verify(SrFixture sr, VdiUuid vdi, int written) throws Exception {
    try (BlockDevice device = sr.open(vdi, AccessMode.RO)) {
      for (int i = 0; i < written; i++) {
        ByteBuffer found = ByteBuffer.allocate(MIB);
        device.read((long) i * MIB, found);
        assertThat(found.flip()).as("MiB %d", i).isEqualTo(block(i + 1));
      }
    }
  }
}
