// SPDX-License-Identifier: Apache-2.0
package io.strata.block;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.Optional;

/// A container that hands everything on to another one; what differs is overridden.
public abstract class ForwardingContainer implements Container {
  protected final Container below;

  /// @param below closed with this
  protected ForwardingContainer(Container below) {
    this.below = below;
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
  public void write(long offsetBytes, ByteBuffer source, Durability durability) throws IOException {
    below.write(offsetBytes, source, durability);
  }

  @Override
  public void flush() throws IOException {
    below.flush();
  }

  @Override
  public void discard(long offsetBytes, long lengthBytes) throws IOException {
    below.discard(offsetBytes, lengthBytes);
  }

  @Override
  public void writeZeroes(
      long offsetBytes, long lengthBytes, Zeroing zeroing, Durability durability)
      throws IOException {
    below.writeZeroes(offsetBytes, lengthBytes, zeroing, durability);
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
  public void writeback(long offsetBytes, long lengthBytes) {
    below.writeback(offsetBytes, lengthBytes);
  }

  @Override
  public Optional<WriteQueue> directWrites() {
    return below.directWrites();
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
