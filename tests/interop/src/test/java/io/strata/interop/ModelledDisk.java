// SPDX-License-Identifier: Apache-2.0
package io.strata.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.BlockDevice;
import io.strata.block.BlockDevice.Durability;
import io.strata.block.BlockDevice.Zeroing;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Random;

/// What a disk should hold, as a plain raw file of the same size.
record ModelledDisk(Path raw) {

  private static final int CHUNK_BYTES = 1 << 20;

  /// A model that reads as zeroes.
  static ModelledDisk zeroes(Path raw, long sizeBytes) throws IOException {
    try (FileChannel file =
        FileChannel.open(raw, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.allocate(1), sizeBytes - 1);
    }
    return new ModelledDisk(raw);
  }

  /// A second model that starts with the same content.
  ModelledDisk copy(Path to) throws IOException {
    Files.copy(raw, to, StandardCopyOption.REPLACE_EXISTING);
    return new ModelledDisk(to);
  }

  /// Does the same random writes and zeroings to a device and to this model, then flushes.
  ///
  /// @param seed printed by whoever fails: the same seed does the same
  void change(BlockDevice device, long seed, int changes) throws IOException {
    change(device, seed, changes, 512);
  }

  /// As above, with every change a multiple of `unitBytes` at a multiple of it.
  void change(BlockDevice device, long seed, int changes, int unitBytes) throws IOException {
    Random random = new Random(seed);
    try (FileChannel file = FileChannel.open(raw, StandardOpenOption.WRITE)) {
      for (int i = 0; i < changes; i++) {
        int length = unitBytes * (1 + random.nextInt(random.nextBoolean() ? 8 : 600));
        long offset = unitBytes * random.nextLong((device.sizeBytes() - length) / unitBytes + 1);
        byte[] content = new byte[length];
        if (random.nextInt(4) == 0) {
          device.writeZeroes(offset, length, Zeroing.MAY_DEALLOCATE, Durability.WRITE_BACK);
        } else {
          random.nextBytes(content);
          device.write(offset, ByteBuffer.wrap(content));
        }
        file.write(ByteBuffer.wrap(content), offset);
      }
    }
    device.flush();
  }

  /// Fails at the first byte in which a device differs. Where a device is larger than the model,
  /// the rest must be zeroes.
  void assertHeldBy(BlockDevice device) throws IOException {
    assertThat(device.sizeBytes()).isGreaterThanOrEqualTo(Files.size(raw));
    try (FileChannel file = FileChannel.open(raw, StandardOpenOption.READ)) {
      for (long offset = 0; offset < device.sizeBytes(); offset += CHUNK_BYTES) {
        int length = (int) Math.min(CHUNK_BYTES, device.sizeBytes() - offset);
        ByteBuffer actual = ByteBuffer.allocate(length);
        device.read(offset, actual);
        ByteBuffer expected = ByteBuffer.allocate(length);
        fill(expected, file, offset);
        int mismatch = expected.clear().mismatch(actual.flip());
        assertThat(mismatch).as("first differing byte after %d", offset).isEqualTo(-1);
      }
    }
  }

  /// What lies beyond the file's end stays zero.
  private static void fill(ByteBuffer target, FileChannel file, long offset) throws IOException {
    int got;
    do {
      got = file.read(target, offset + target.position());
    } while (got > 0 && target.hasRemaining());
  }
}
