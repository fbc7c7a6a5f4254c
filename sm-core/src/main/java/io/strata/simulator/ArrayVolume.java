// SPDX-License-Identifier: Apache-2.0
package io.strata.simulator;

import static io.strata.simulator.SimulatedArray.PAGE_BYTES;

import io.strata.block.BlockDevice;
import io.strata.block.Extent.Kind;
import io.strata.block.ExtentVisitor;
import io.strata.block.ReadOnlyDeviceException;
import io.strata.spi.VdiUuid;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;

/// An open volume of the simulated array.
final class ArrayVolume implements BlockDevice {
  private final SimulatedArray array;
  private final VdiUuid vdi;
  private final boolean readOnly;
  private final long sizeBytes;
  private final Runnable onClose;

  ArrayVolume(SimulatedArray array, VdiUuid vdi, boolean readOnly, Runnable onClose)
      throws IOException {
    this.array = array;
    this.vdi = vdi;
    this.readOnly = readOnly;
    this.sizeBytes = array.sizeBytes(vdi);
    this.onClose = onClose;
  }

  /// Work on a run of bytes within one page.
  @FunctionalInterface
  private interface PartWork {
    void run(int part, int inPage, int length) throws IOException;
  }

  private static void forEachPart(long offsetBytes, long lengthBytes, PartWork work)
      throws IOException {
    long at = offsetBytes;
    long end = offsetBytes + lengthBytes;
    while (at < end) {
      int inPage = (int) (at % PAGE_BYTES);
      int length = (int) Math.min(PAGE_BYTES - inPage, end - at);
      work.run((int) (at / PAGE_BYTES), inPage, length);
      at += length;
    }
  }

  VdiUuid vdi() {
    return vdi;
  }

  @Override
  public long sizeBytes() {
    return sizeBytes;
  }

  @Override
  public boolean readOnly() {
    return readOnly;
  }

  @Override
  public void read(long offsetBytes, ByteBuffer target) throws IOException {
    Objects.checkFromIndexSize(offsetBytes, target.remaining(), sizeBytes);
    int limit = target.limit();
    forEachPart(
        offsetBytes,
        target.remaining(),
        (part, inPage, length) -> {
          target.limit(target.position() + length);
          array.read(vdi, part, inPage, target);
        });
    target.limit(limit);
  }

  @Override
  public void write(long offsetBytes, ByteBuffer source, Durability durability) throws IOException {
    checkChange(offsetBytes, source.remaining());
    int limit = source.limit();
    forEachPart(
        offsetBytes,
        source.remaining(),
        (part, inPage, length) -> {
          source.limit(source.position() + length);
          array.write(vdi, part, inPage, source);
        });
    source.limit(limit);
    finish(durability);
  }

  private void checkChange(long offsetBytes, long lengthBytes) throws IOException {
    Objects.checkFromIndexSize(offsetBytes, lengthBytes, sizeBytes);
    if (readOnly) {
      throw new ReadOnlyDeviceException(vdi.toString());
    }
  }

  private void finish(Durability durability) throws IOException {
    if (durability == Durability.FUA) {
      flush();
    }
  }

  @Override
  public void flush() throws IOException {
    if (!readOnly) {
      array.flush(vdi);
    }
  }

  @Override
  public void discard(long offsetBytes, long lengthBytes) throws IOException {
    writeZeroes(offsetBytes, lengthBytes, Zeroing.MAY_DEALLOCATE, Durability.WRITE_BACK);
  }

  @Override
  public void writeZeroes(
      long offsetBytes, long lengthBytes, Zeroing zeroing, Durability durability)
      throws IOException {
    checkChange(offsetBytes, lengthBytes);
    forEachPart(
        offsetBytes,
        lengthBytes,
        (part, inPage, length) -> {
          if (length == PAGE_BYTES && zeroing == Zeroing.MAY_DEALLOCATE) {
            array.clear(vdi, part);
          } else if (zeroing == Zeroing.ALLOCATE || array.allocated(vdi, part)) {
            array.write(vdi, part, inPage, ByteBuffer.allocate(length));
          }
        });
    finish(durability);
  }

  @Override
  public boolean fastZeroes(Zeroing zeroing) {
    return zeroing == Zeroing.MAY_DEALLOCATE;
  }

  @Override
  public void extents(long offsetBytes, long lengthBytes, ExtentVisitor visitor)
      throws IOException {
    Objects.checkFromIndexSize(offsetBytes, lengthBytes, sizeBytes);
    long at = offsetBytes;
    long end = offsetBytes + lengthBytes;
    while (at < end) {
      long start = at;
      boolean data = array.allocated(vdi, (int) (at / PAGE_BYTES));
      do {
        at = Math.min(end, (at / PAGE_BYTES + 1) * PAGE_BYTES);
      } while (at < end && array.allocated(vdi, (int) (at / PAGE_BYTES)) == data);
      if (!visitor.visit(start, at - start, data ? Kind.DATA : Kind.HOLE)) {
        return;
      }
    }
  }

  @Override
  public void close() throws IOException {
    onClose.run();
  }
}
