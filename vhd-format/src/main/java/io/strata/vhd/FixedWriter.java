// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.BlockDevice.Zeroing;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.util.concurrent.atomic.AtomicBoolean;

/// Writes to a fixed image: the disk's bytes are the container's.
final class FixedWriter implements LeafWriter {
  private final Layer layer;
  private final FailedFlush failed;
  private final AtomicBoolean modified;

  /// @param untouched whether the image's timestamp stays
  FixedWriter(Layer layer, boolean untouched) {
    this.layer = layer;
    modified = new AtomicBoolean(untouched);
    failed = new FailedFlush(layer.container().location());
  }

  /// Moves the image's timestamp on, by which children find that their parent was changed.
  @Override
  public void begin() throws IOException {
    failed.check();
    if (!modified.get() && modified.compareAndSet(false, true)) {
      try {
        Footers.writeTrailing(
            layer.container(),
            layer.metadata().footer().touched(Clock.systemUTC().instant().getEpochSecond()));
      } catch (IOException e) {
        modified.set(false);
        throw e;
      }
    }
  }

  @Override
  public void write(long offsetBytes, ByteBuffer source) throws IOException {
    layer.container().write(offsetBytes, source, Durability.WRITE_BACK);
  }

  @Override
  public void writeZeroes(long offsetBytes, long lengthBytes, Zeroing zeroing) throws IOException {
    layer.container().writeZeroes(offsetBytes, lengthBytes, zeroing, Durability.WRITE_BACK);
  }

  @Override
  public void flush() throws IOException {
    failed.check();
    try {
      layer.container().flush();
    } catch (IOException e) {
      failed.note(e);
      throw e;
    }
  }

  @Override
  public void finish() throws IOException {
    flush();
  }
}
