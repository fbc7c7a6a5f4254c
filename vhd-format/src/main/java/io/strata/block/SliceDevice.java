// SPDX-License-Identifier: Apache-2.0
package io.strata.block;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.Objects;

/// A range of another device as a device of its own, such as a partition. Closing it closes the
/// device below.
public final class SliceDevice implements BlockDevice {
  private final BlockDevice below;
  private final long startBytes;
  private final long sizeBytes;

  /// The bytes from `startBytes` to `startBytes + sizeBytes` of `below`.
  public SliceDevice(BlockDevice below, long startBytes, long sizeBytes) {
    Objects.checkFromIndexSize(startBytes, sizeBytes, below.sizeBytes());
    this.below = below;
    this.startBytes = startBytes;
    this.sizeBytes = sizeBytes;
  }

  @Override
  public long sizeBytes() {
    return sizeBytes;
  }

  @Override
  public boolean readOnly() {
    return below.readOnly();
  }

  @Override
  public void read(long offsetBytes, ByteBuffer target) throws IOException {
    below.read(shift(offsetBytes, target.remaining()), target);
  }

  @Override
  public void write(long offsetBytes, ByteBuffer source, Durability durability) throws IOException {
    below.write(shift(offsetBytes, source.remaining()), source, durability);
  }

  @Override
  public void flush() throws IOException {
    below.flush();
  }

  @Override
  public void discard(long offsetBytes, long lengthBytes) throws IOException {
    below.discard(shift(offsetBytes, lengthBytes), lengthBytes);
  }

  @Override
  public void writeZeroes(
      long offsetBytes, long lengthBytes, Zeroing zeroing, Durability durability)
      throws IOException {
    below.writeZeroes(shift(offsetBytes, lengthBytes), lengthBytes, zeroing, durability);
  }

  @Override
  public boolean fastZeroes(Zeroing zeroing) {
    return below.fastZeroes(zeroing);
  }

  @Override
  public void extents(long offsetBytes, long lengthBytes, ExtentVisitor visitor)
      throws IOException {
    below.extents(
        shift(offsetBytes, lengthBytes),
        lengthBytes,
        (from, length, kind) -> visitor.visit(from - startBytes, length, kind));
  }

  @Override
  public long transferTo(long offsetBytes, long lengthBytes, WritableByteChannel target)
      throws IOException {
    return below.transferTo(shift(offsetBytes, lengthBytes), lengthBytes, target);
  }

  @Override
  public long transferable(long offsetBytes, long lengthBytes) {
    return below.transferable(shift(offsetBytes, lengthBytes), lengthBytes);
  }

  @Override
  public void close() throws IOException {
    below.close();
  }

  private long shift(long offsetBytes, long lengthBytes) {
    Objects.checkFromIndexSize(offsetBytes, lengthBytes, sizeBytes);
    return offsetBytes + startBytes;
  }
}
