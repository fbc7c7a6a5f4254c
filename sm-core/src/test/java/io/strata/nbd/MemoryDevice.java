// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import io.strata.block.BlockDevice;
import io.strata.block.Extent;
import io.strata.block.ExtentVisitor;
import io.strata.block.ReadOnlyDeviceException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/// A device in memory whose blocks of 4 KiB are holes until they are written, and that fails on
/// demand.
class MemoryDevice implements BlockDevice {
  static final int BLOCK_BYTES = 4096;

  private final byte[] bytes;
  private final boolean[] allocated;
  private final boolean readOnly;

  /// Thrown by reads, writes and flushes while set.
  volatile Optional<IOException> readFailure = Optional.empty();

  volatile Optional<IOException> writeFailure = Optional.empty();
  volatile Optional<IOException> flushFailure = Optional.empty();
  volatile boolean fastZeroes = true;

  /// Flushes that were tried.
  final AtomicInteger flushes = new AtomicInteger();

  /// Reads that were tried.
  final AtomicInteger reads = new AtomicInteger();

  MemoryDevice(int sizeBytes) {
    this(sizeBytes, false);
  }

  MemoryDevice(int sizeBytes, boolean readOnly) {
    bytes = new byte[sizeBytes];
    allocated = new boolean[(sizeBytes + BLOCK_BYTES - 1) / BLOCK_BYTES];
    this.readOnly = readOnly;
  }

  private static void failIf(Optional<IOException> failure) throws IOException {
    if (failure.isPresent()) {
      throw failure.get();
    }
  }

  @Override
  public long sizeBytes() {
    return bytes.length;
  }

  @Override
  public boolean readOnly() {
    return readOnly;
  }

  @Override
  public synchronized void read(long offsetBytes, ByteBuffer target) throws IOException {
    reads.incrementAndGet();
    failIf(readFailure);
    target.put(bytes, (int) offsetBytes, target.remaining());
  }

  @Override
  public synchronized void write(long offsetBytes, ByteBuffer source, Durability durability)
      throws IOException {
    requireWritable();
    failIf(writeFailure);
    int length = source.remaining();
    source.get(bytes, (int) offsetBytes, length);
    mark(offsetBytes, length, true);
  }

  private void mark(long offsetBytes, long lengthBytes, boolean state) {
    int first = (int) (offsetBytes / BLOCK_BYTES);
    int last = (int) ((offsetBytes + lengthBytes - 1) / BLOCK_BYTES);
    Arrays.fill(allocated, first, last + 1, state);
  }

  private void requireWritable() throws IOException {
    if (readOnly) {
      throw new ReadOnlyDeviceException("memory");
    }
  }

  @Override
  public void flush() throws IOException {
    flushes.incrementAndGet();
    failIf(flushFailure);
  }

  @Override
  public void discard(long offsetBytes, long lengthBytes) throws IOException {
    writeZeroes(offsetBytes, lengthBytes, Zeroing.MAY_DEALLOCATE, Durability.WRITE_BACK);
  }

  @Override
  public synchronized void writeZeroes(
      long offsetBytes, long lengthBytes, Zeroing zeroing, Durability durability)
      throws IOException {
    requireWritable();
    failIf(writeFailure);
    Arrays.fill(bytes, (int) offsetBytes, (int) (offsetBytes + lengthBytes), (byte) 0);
    boolean aligned = offsetBytes % BLOCK_BYTES == 0 && lengthBytes % BLOCK_BYTES == 0;
    mark(offsetBytes, lengthBytes, !aligned || zeroing == Zeroing.ALLOCATE);
  }

  @Override
  public boolean fastZeroes(Zeroing zeroing) {
    return fastZeroes && zeroing == Zeroing.MAY_DEALLOCATE;
  }

  @Override
  public synchronized void extents(long offsetBytes, long lengthBytes, ExtentVisitor visitor) {
    long at = offsetBytes;
    long end = offsetBytes + lengthBytes;
    while (at < end) {
      boolean data = allocated[(int) (at / BLOCK_BYTES)];
      long next = Math.min(end, (at / BLOCK_BYTES + 1) * BLOCK_BYTES);
      if (!visitor.visit(at, next - at, data ? Extent.Kind.DATA : Extent.Kind.HOLE)) {
        return;
      }
      at = next;
    }
  }

  @Override
  public void close() {}
}
