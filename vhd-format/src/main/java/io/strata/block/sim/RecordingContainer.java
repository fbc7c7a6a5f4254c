// SPDX-License-Identifier: Apache-2.0
package io.strata.block.sim;

import io.strata.block.Container;
import io.strata.block.ExtentVisitor;
import io.strata.block.WriteQueue;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/// Notes every change and every completed flush of a container in a log.
///
/// A change is noted before it is made, since one that fails may have been made in part. Writes are
/// noted in whole sectors of 512 bytes, with what surrounds the bytes written. Direct writes reach
/// it when they are drained, see [HeldWriteQueue].
public final class RecordingContainer implements Container {
  private final Container target;
  private final WriteLog log;
  private final int number;

  /// @param number which container of the log this is; several handles may share it
  public RecordingContainer(Container target, WriteLog log, int number) {
    this.target = target;
    this.log = log;
    this.number = number;
  }

  /// Notes another container in a log.
  public static RecordingContainer record(Container target, WriteLog log) {
    return new RecordingContainer(target, log, log.addContainer());
  }

  /// Which container of the log this is.
  public int number() {
    return number;
  }

  @Override
  public long sizeBytes() {
    return target.sizeBytes();
  }

  @Override
  public boolean readOnly() {
    return target.readOnly();
  }

  @Override
  public void read(long offsetBytes, ByteBuffer destination) throws IOException {
    target.read(offsetBytes, destination);
  }

  @Override
  public void write(long offsetBytes, ByteBuffer source, Durability durability) throws IOException {
    if (!target.readOnly()) {
      noteWrite(offsetBytes, source, forced(durability));
    }
    target.write(offsetBytes, source, durability);
  }

  @Override
  public void flush() throws IOException {
    target.flush();
    log.flushed(number, BarrierSite.ofCaller());
  }

  @Override
  public void discard(long offsetBytes, long lengthBytes) throws IOException {
    if (!target.readOnly()) {
      log.append(new LogEntry.Discard(number, log.epoch(number), offsetBytes, lengthBytes));
    }
    target.discard(offsetBytes, lengthBytes);
  }

  @Override
  public void writeZeroes(
      long offsetBytes, long lengthBytes, Zeroing zeroing, Durability durability)
      throws IOException {
    long end = offsetBytes + lengthBytes;
    long first = Math.ceilDiv(offsetBytes, Page.SECTOR_BYTES) * Page.SECTOR_BYTES;
    long last = end / Page.SECTOR_BYTES * Page.SECTOR_BYTES;
    if (first > last) {
      writePart(offsetBytes, lengthBytes, durability);
      return;
    }
    // A part of a sector reaches the medium together with the rest of it, as by a write.
    writePart(offsetBytes, first - offsetBytes, durability);
    if (first < last) {
      zeroSectors(first, last - first, zeroing, durability);
    }
    writePart(last, end - last, durability);
  }

  private void writePart(long offsetBytes, long lengthBytes, Durability durability)
      throws IOException {
    if (lengthBytes > 0) {
      write(offsetBytes, ByteBuffer.allocate((int) lengthBytes), durability);
    }
  }

  private void zeroSectors(
      long offsetBytes, long lengthBytes, Zeroing zeroing, Durability durability)
      throws IOException {
    if (!target.readOnly()) {
      log.append(
          new LogEntry.Zero(
              number,
              log.epoch(number),
              offsetBytes,
              lengthBytes,
              zeroing == Zeroing.MAY_DEALLOCATE,
              forced(durability)));
    }
    target.writeZeroes(offsetBytes, lengthBytes, zeroing, durability);
  }

  @Override
  public boolean fastZeroes(Zeroing zeroing) {
    return target.fastZeroes(zeroing);
  }

  @Override
  public void extents(long offsetBytes, long lengthBytes, ExtentVisitor visitor)
      throws IOException {
    target.extents(offsetBytes, lengthBytes, visitor);
  }

  @Override
  public void ensureCapacity(long sizeBytes) throws IOException {
    if (!target.readOnly() && sizeBytes > target.sizeBytes()) {
      log.append(new LogEntry.Grow(number, log.epoch(number), sizeBytes));
    }
    target.ensureCapacity(sizeBytes);
  }

  @Override
  public long growthStepBytes() {
    return target.growthStepBytes();
  }

  @Override
  public long physicalBytes() throws IOException {
    return target.physicalBytes();
  }

  @Override
  public Optional<WriteQueue> directWrites() {
    return target.readOnly()
        ? Optional.empty()
        : Optional.of(new HeldWriteQueue(this, log::drains));
  }

  @Override
  public String location() {
    return target.location();
  }

  @Override
  public void close() throws IOException {
    target.close();
  }

  /// Notes whole sectors: a part of one reaches the medium together with what surrounds it.
  private void noteWrite(long offsetBytes, ByteBuffer source, Optional<BarrierSite> forced)
      throws IOException {
    long end = offsetBytes + source.remaining();
    long first = offsetBytes - offsetBytes % Page.SECTOR_BYTES;
    long last =
        Math.min(target.sizeBytes(), Math.ceilDiv(end, Page.SECTOR_BYTES) * Page.SECTOR_BYTES);
    byte[] bytes = new byte[Math.toIntExact(Math.max(last, end) - first)];
    if (first < offsetBytes || last > end) {
      target.read(first, ByteBuffer.wrap(bytes, 0, (int) (last - first)));
    }
    source.duplicate().get(bytes, (int) (offsetBytes - first), source.remaining());
    log.append(new LogEntry.Write(number, log.epoch(number), first, bytes, forced));
  }

  private static Optional<BarrierSite> forced(Durability durability) {
    return durability == Durability.FUA ? Optional.of(BarrierSite.ofCaller()) : Optional.empty();
  }
}
