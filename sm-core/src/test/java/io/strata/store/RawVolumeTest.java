// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.BlockDevice.Zeroing;
import io.strata.block.Container;
import io.strata.block.FileContainer;
import io.strata.block.ForwardingContainer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RawVolumeTest {
  private static final int BYTES = 1 << 16;

  @TempDir Path folder;

  /// Its first flush fails, as the kernel says it to one of those who wait.
  private static final class FailsOnce extends ForwardingContainer {
    private int flushes;

    private FailsOnce(Container below) {
      super(below);
    }

    @Override
    public void flush() throws IOException {
      if (flushes++ == 0) {
        throw new IOException("injected");
      }
      super.flush();
    }
  }

  @Test
  void failedFlushIsToldToWhoeverFlushesLater() throws IOException {
    FileContainer file = FileContainer.create(folder.resolve("disk.raw"));
    file.ensureCapacity(BYTES);
    FailsOnce failing = new FailsOnce(file);
    try (RawVolume volume = new RawVolume(failing)) {
      volume.write(0, ByteBuffer.allocate(512), Durability.WRITE_BACK);
      assertThatThrownBy(volume::flush).hasMessage("injected");
      assertThatThrownBy(volume::flush).hasMessageContaining("must be reopened");
      assertThatThrownBy(() -> volume.write(0, ByteBuffer.allocate(512), Durability.FUA))
          .hasMessageContaining("must be reopened");
      assertThatThrownBy(() -> volume.writeZeroes(0, 512, Zeroing.MAY_DEALLOCATE, Durability.FUA))
          .hasMessageContaining("must be reopened");
      assertThat(failing.flushes).as("a failed flush is not tried again").isEqualTo(1);
    }
  }
}
