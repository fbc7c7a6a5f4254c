// SPDX-License-Identifier: Apache-2.0
package io.strata.block;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.BlockDevice.Durability;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileContainerTest {
  private static final int BYTES = 1 << 20;

  @TempDir Path folder;

  @Test
  void writebackCallIsTakenByTheKernel() throws IOException {
    try (FileContainer container = FileContainer.create(folder.resolve("file"))) {
      container.ensureCapacity(BYTES);
      container.write(0, ByteBuffer.allocate(BYTES), Durability.WRITE_BACK);
      assertThat(container.wroteBack(0, BYTES)).isZero();
      assertThat(container.wroteBack(-1, BYTES)).isEqualTo(LinuxCalls.EINVAL);
    }
  }
}
