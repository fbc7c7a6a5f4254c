// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.block.BlockDevice;
import io.strata.block.Extent;
import io.strata.block.ExtentVisitor;
import io.strata.block.ReadOnlyDeviceException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/// A node of [MemoryStorage] with its parents, as a device. A replaced one is dead: using it fails.
final class MemoryDisk implements BlockDevice {
  private static final int PAGE = MemoryStorage.PAGE_BYTES;

  private final MemoryStorage storage;
  private final MemoryStorage.Place place;
  private final MemoryStorage.Node leaf;
  private final boolean readOnly;
  private final Runnable onClose;
  private boolean open = true;
  private boolean dead;

  MemoryDisk(
      MemoryStorage storage,
      MemoryStorage.Place place,
      MemoryStorage.Node leaf,
      boolean readOnly,
      Runnable onClose) {
    this.storage = storage;
    this.place = place;
    this.leaf = leaf;
    this.readOnly = readOnly;
    this.onClose = onClose;
  }

  boolean isOpen() {
    return open && !dead;
  }

  void kill() {
    dead = true;
  }

  @Override
  public long sizeBytes() {
    return leaf.sizeBytes;
  }

  @Override
  public boolean readOnly() {
    return readOnly;
  }

  private void assertAlive() throws IOException {
    if (dead || !open) {
      throw new IOException(
          "volume " + leaf.uuid + ": the device is " + (dead ? "dead" : "closed"));
    }
  }

  private Optional<byte[]> page(long index) {
    Optional<MemoryStorage.Node> node = Optional.of(leaf);
    while (node.isPresent()) {
      byte[] page = node.get().pages.get(index);
      if (page != null) {
        return Optional.of(page);
      }
      node = node.get().parent.map(place.nodes::get);
    }
    return Optional.empty();
  }

  @Override
  public void read(long offsetBytes, ByteBuffer target) throws IOException {
    synchronized (storage) {
      assertAlive();
      long at = offsetBytes;
      while (target.hasRemaining()) {
        int within = (int) (at % PAGE);
        int length = Math.min(PAGE - within, target.remaining());
        byte[] page = page(at / PAGE).orElseGet(() -> new byte[PAGE]);
        target.put(page, within, length);
        at += length;
      }
    }
  }

  @Override
  public void write(long offsetBytes, ByteBuffer source, Durability durability) throws IOException {
    synchronized (storage) {
      assertAlive();
      if (readOnly) {
        throw new ReadOnlyDeviceException(leaf.uuid.toString());
      }
      long at = offsetBytes;
      while (source.hasRemaining()) {
        int within = (int) (at % PAGE);
        int length = Math.min(PAGE - within, source.remaining());
        byte[] page = page(at / PAGE).orElseGet(() -> new byte[PAGE]).clone();
        source.get(page, within, length);
        leaf.pages.put(at / PAGE, page);
        at += length;
      }
    }
  }

  @Override
  public void flush() throws IOException {
    synchronized (storage) {
      assertAlive();
      place.flushes++;
      if (place.flushesFail) {
        throw new IOException("volume " + leaf.uuid + ": the flush failed");
      }
    }
  }

  @Override
  public void discard(long offsetBytes, long lengthBytes) {}

  @Override
  public void writeZeroes(
      long offsetBytes, long lengthBytes, Zeroing zeroing, Durability durability)
      throws IOException {
    ByteBuffer zeroes = ByteBuffer.allocate(1 << 20);
    for (long at = offsetBytes; at < offsetBytes + lengthBytes; at += zeroes.capacity()) {
      zeroes.clear().limit((int) Math.min(zeroes.capacity(), offsetBytes + lengthBytes - at));
      write(at, zeroes, durability);
    }
  }

  @Override
  public boolean fastZeroes(Zeroing zeroing) {
    return false;
  }

  @Override
  public void extents(long offsetBytes, long lengthBytes, ExtentVisitor visitor)
      throws IOException {
    synchronized (storage) {
      assertAlive();
      long at = offsetBytes;
      long end = offsetBytes + lengthBytes;
      while (at < end) {
        Extent.Kind kind = page(at / PAGE).isPresent() ? Extent.Kind.DATA : Extent.Kind.HOLE;
        long until = (at / PAGE + 1) * PAGE;
        while (until < end && page(until / PAGE).isPresent() == (kind == Extent.Kind.DATA)) {
          until += PAGE;
        }
        if (!visitor.visit(at, Math.min(until, end) - at, kind)) {
          return;
        }
        at = until;
      }
    }
  }

  @Override
  public void close() {
    synchronized (storage) {
      if (open && !dead) {
        onClose.run();
      }
      open = false;
    }
  }
}
