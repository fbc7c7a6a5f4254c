// SPDX-License-Identifier: Apache-2.0
package io.strata.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.BlockDevice;
import io.strata.block.BlockDevice.Durability;
import io.strata.block.BlockDevice.Zeroing;
import io.strata.spi.AccessMode;
import io.strata.spi.VdiUuid;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;

/// What a volume must hold: an array of bytes.
final class Model {
  private static final int LONGEST_BYTES = 96 << 10;

  private final byte[] bytes;

  Model(long sizeBytes) {
    bytes = new byte[Math.toIntExact(sizeBytes)];
  }

  private Model(byte[] bytes) {
    this.bytes = bytes;
  }

  Model copy() {
    return new Model(bytes.clone());
  }

  Model resized(long sizeBytes) {
    return new Model(Arrays.copyOf(bytes, Math.toIntExact(sizeBytes)));
  }

  int sizeBytes() {
    return bytes.length;
  }

  /// Changes the device and the model alike: writes, zeroes and trims, of any alignment.
  void change(BlockDevice device, Random random) throws Exception {
    int offset = random.nextInt(bytes.length);
    int length = 1 + random.nextInt(Math.min(LONGEST_BYTES, bytes.length - offset));
    switch (random.nextInt(4)) {
      case 0 -> {
        device.writeZeroes(offset, length, zeroing(random), Durability.WRITE_BACK);
        Arrays.fill(bytes, offset, offset + length, (byte) 0);
      }
      case 1 -> trim(device, offset, length);
      default -> {
        byte[] data = new byte[length];
        random.nextBytes(data);
        device.write(offset, ByteBuffer.wrap(data));
        System.arraycopy(data, 0, bytes, offset, length);
      }
    }
  }

  private static Zeroing zeroing(Random random) {
    return random.nextBoolean() ? Zeroing.ALLOCATE : Zeroing.MAY_DEALLOCATE;
  }

  /// A trimmed byte reads as zero or as before, and stays what it is then.
  private void trim(BlockDevice device, int offset, int length) throws Exception {
    device.discard(offset, length);
    ByteBuffer now = ByteBuffer.allocate(length);
    device.read(offset, now);
    for (int i = 0; i < length; i++) {
      byte found = now.get(i);
      assertThat(found == 0 || found == bytes[offset + i])
          .as("byte %d after a trim is neither zero nor what it was", offset + i)
          .isTrue();
      bytes[offset + i] = found;
    }
  }

  void verify(SrFixture sr, VdiUuid vdi) throws Exception {
    try (BlockDevice device = sr.open(vdi, AccessMode.RO)) {
      verify(device);
    }
  }

  void verify(BlockDevice device) throws Exception {
    assertThat(device.sizeBytes()).isEqualTo(bytes.length);
    ByteBuffer found = ByteBuffer.allocate(bytes.length);
    device.read(0, found);
    int mismatch = Arrays.mismatch(found.array(), bytes);
    assertThat(mismatch).as("first byte that differs from the model").isEqualTo(-1);
  }
}
