// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import io.strata.block.Container;
import io.strata.block.ExtentVisitor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/// A container that nobody relies on before it is flushed as a whole, by who made it: flushes on
/// the way do nothing.
record DraftContainer(Container below) implements Container {

  @Override
  public void flush() {}

  @Override
  public void write(long offsetBytes, ByteBuffer source, Durability durability) throws IOException {
    below.write(offsetBytes, source, Durability.WRITE_BACK);
  }

  @Override
  public void writeZeroes(
      long offsetBytes, long lengthBytes, Zeroing zeroing, Durability durability)
      throws IOException {
    below.writeZeroes(offsetBytes, lengthBytes, zeroing, Durability.WRITE_BACK);
  }

  @Override
  public long sizeBytes() {
    return below.sizeBytes();
  }

  @Override
  public boolean readOnly() {
    return below.readOnly();
  }

  @Override
  public void read(long offsetBytes, ByteBuffer target) throws IOException {
    below.read(offsetBytes, target);
  }

  @Override
  public void discard(long offsetBytes, long lengthBytes) throws IOException {
    below.discard(offsetBytes, lengthBytes);
  }

  @Override
  public boolean fastZeroes(Zeroing zeroing) {
    return below.fastZeroes(zeroing);
  }

  @Override
  public void extents(long offsetBytes, long lengthBytes, ExtentVisitor visitor)
      throws IOException {
    below.extents(offsetBytes, lengthBytes, visitor);
  }

  @Override
  public long transferTo(long offsetBytes, long lengthBytes, WritableByteChannel target)
      throws IOException {
    return below.transferTo(offsetBytes, lengthBytes, target);
  }

  @Override
  public long transferable(long offsetBytes, long lengthBytes) {
    return below.transferable(offsetBytes, lengthBytes);
  }

  @Override
  public void ensureCapacity(long sizeBytes) throws IOException {
    below.ensureCapacity(sizeBytes);
  }

  @Override
  public long growthStepBytes() {
    return below.growthStepBytes();
  }

  @Override
  public long physicalBytes() throws IOException {
    return below.physicalBytes();
  }

  @Override
  public String location() {
    return below.location();
  }

  @Override
  public void close() throws IOException {
    below.close();
  }
}
