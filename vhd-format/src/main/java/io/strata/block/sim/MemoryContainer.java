// SPDX-License-Identifier: Apache-2.0
package io.strata.block.sim;

import io.strata.block.Container;
import io.strata.block.Extent;
import io.strata.block.ExtentVisitor;
import io.strata.block.ReadOnlyDeviceException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.Objects;

/// A growable container in memory: sparse, and given back what is discarded.
///
/// Several handles may share one content, as several descriptors share a file: [#reopen] makes
/// them. The content lives as long as one of them is referenced, closed or not.
///
/// **Threads.** Any number at once.
public final class MemoryContainer implements Container {
  /// What a poisoned container holds where nothing was written.
  public static final byte POISON = (byte) 0xA5;

  private static final long GROWTH_STEP_BYTES = 1 << 20;

  private final String location;
  private final PagedBytes content;
  private final long limitBytes;
  private final boolean writable;
  private volatile boolean closed;

  private MemoryContainer(String location, PagedBytes content, long limitBytes, boolean writable) {
    this.location = location;
    this.content = content;
    this.limitBytes = limitBytes;
    this.writable = writable;
  }

  /// An empty container whose unwritten space reads as zeroes.
  public static MemoryContainer create(String location) {
    return create(location, Long.MAX_VALUE);
  }

  /// An empty container that can't grow beyond a limit, in bytes.
  public static MemoryContainer create(String location, long limitBytes) {
    return new MemoryContainer(location, new PagedBytes((byte) 0), limitBytes, true);
  }

  /// An empty container whose unwritten space reads as [#POISON]: a disk with remnants, stricter
  /// than the contract of growth.
  public static MemoryContainer poisoned(String location) {
    return new MemoryContainer(location, new PagedBytes(POISON), Long.MAX_VALUE, true);
  }

  /// Another handle on the same content.
  public MemoryContainer reopen(boolean writableHandle) {
    return new MemoryContainer(location, content, limitBytes, writableHandle);
  }

  /// A copy that shares pages with this container, which must not change as long as the copy is
  /// used.
  public MemoryContainer overlay() {
    return new MemoryContainer(location, new PagedBytes(content), limitBytes, true);
  }

  /// Puts an overlay back to what it was made from (and takes up the size that this has now).
  public void reset() {
    content.reset();
  }

  /// Sets the size as a crash may leave it. What a smaller size cuts off is forgotten.
  public void resize(long sizeBytes) {
    content.resize(sizeBytes);
  }

  /// Fills those sectors of the range with [#POISON] that were never written: what a write that got
  /// lost may leave where there was nothing.
  public void poisonUnwritten(long offsetBytes, long lengthBytes) {
    if (lengthBytes > 0) {
      content.fillUnwritten(offsetBytes, lengthBytes, POISON);
    }
  }

  @Override
  public long sizeBytes() {
    return content.sizeBytes();
  }

  @Override
  public boolean readOnly() {
    return !writable;
  }

  @Override
  public void read(long offsetBytes, ByteBuffer target) throws IOException {
    checkOpen();
    Objects.checkFromIndexSize(offsetBytes, (long) target.remaining(), sizeBytes());
    content.read(offsetBytes, target);
  }

  @Override
  public void write(long offsetBytes, ByteBuffer source, Durability durability) throws IOException {
    checkWritable();
    Objects.checkFromIndexSize(offsetBytes, (long) source.remaining(), sizeBytes());
    content.write(offsetBytes, source);
  }

  @Override
  public void flush() throws IOException {
    checkOpen();
  }

  @Override
  public void discard(long offsetBytes, long lengthBytes) throws IOException {
    checkWritable();
    Objects.checkFromIndexSize(offsetBytes, lengthBytes, sizeBytes());
    content.zero(offsetBytes, lengthBytes, true);
  }

  @Override
  public void writeZeroes(
      long offsetBytes, long lengthBytes, Zeroing zeroing, Durability durability)
      throws IOException {
    checkWritable();
    Objects.checkFromIndexSize(offsetBytes, lengthBytes, sizeBytes());
    content.zero(offsetBytes, lengthBytes, zeroing == Zeroing.MAY_DEALLOCATE);
  }

  @Override
  public boolean fastZeroes(Zeroing zeroing) {
    return zeroing == Zeroing.MAY_DEALLOCATE;
  }

  @Override
  public void extents(long offsetBytes, long lengthBytes, ExtentVisitor visitor)
      throws IOException {
    checkOpen();
    Objects.checkFromIndexSize(offsetBytes, lengthBytes, sizeBytes());
    long end = offsetBytes + lengthBytes;
    long start = offsetBytes;
    while (start < end) {
      boolean allocated = content.allocated(start);
      long next = nextPage(start);
      while (next < end && content.allocated(next) == allocated) {
        next = nextPage(next);
      }
      long length = Math.min(next, end) - start;
      if (!visitor.visit(start, length, allocated ? Extent.Kind.DATA : Extent.Kind.HOLE)) {
        return;
      }
      start += length;
    }
  }

  @Override
  public void ensureCapacity(long sizeBytes) throws IOException {
    checkWritable();
    if (sizeBytes > limitBytes) {
      throw new IOException(
          "No space left on device: " + location + " ends at " + limitBytes + " bytes");
    }
    if (sizeBytes > content.sizeBytes()) {
      content.resize(sizeBytes);
    }
  }

  @Override
  public long growthStepBytes() {
    return GROWTH_STEP_BYTES;
  }

  @Override
  public long physicalBytes() throws IOException {
    checkOpen();
    return content.physicalBytes();
  }

  @Override
  public String location() {
    return location;
  }

  @Override
  public void close() {
    closed = true;
  }

  private static long nextPage(long offsetBytes) {
    return (offsetBytes / Page.SIZE_BYTES + 1) * Page.SIZE_BYTES;
  }

  private void checkOpen() throws IOException {
    if (closed) {
      throw new ClosedChannelException();
    }
  }

  private void checkWritable() throws IOException {
    checkOpen();
    if (!writable) {
      throw new ReadOnlyDeviceException(location);
    }
  }
}
