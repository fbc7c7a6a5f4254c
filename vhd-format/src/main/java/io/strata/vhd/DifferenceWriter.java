// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static io.strata.vhd.VhdLayout.SECTOR_BYTES;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.BlockDevice.Zeroing;
import io.strata.block.Container;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;

/// Writes a differencing image whose parent is not at hand: what changed in a disk since a state of
/// it that was sent elsewhere before. Its content is durable after [#close].
///
/// Owns the container. For one thread.
public final class DifferenceWriter implements Closeable {
  private final WritableLeaf leaf;

  private DifferenceWriter(WritableLeaf leaf) {
    this.leaf = leaf;
  }

  /// Starts an image in an empty container.
  ///
  /// @param uuid identity of the state that the image and its parent show together
  /// @param parent identity of the state that it needs
  /// @param parentName the parent's file name, for other tools
  public static DifferenceWriter create(
      Container container, UUID uuid, long sizeBytes, UUID parent, String parentName)
      throws IOException {
    try {
      VhdCreator.differencing(container, uuid, sizeBytes, parent, parentName);
      return new DifferenceWriter(WritableLeaf.open(Layer.open(container)));
    } catch (IOException | RuntimeException e) {
      container.close();
      throw e;
    }
  }

  /// Holds these bytes.
  ///
  /// @param offsetBytes a multiple of 512, as the length is
  public void write(long offsetBytes, ByteBuffer source) throws IOException {
    int limit = source.limit();
    long at = offsetBytes;
    while (source.position() < limit) {
      int length = inBlock(at, limit - source.position());
      source.limit(source.position() + length);
      hold(at, length, (container, to) -> container.write(to, source, Durability.WRITE_BACK));
      source.limit(limit);
      at += length;
    }
  }

  /// Holds zeroes, whatever the parent has there.
  ///
  /// @param offsetBytes a multiple of 512, as the length is
  public void zero(long offsetBytes, long lengthBytes) throws IOException {
    long end = offsetBytes + lengthBytes;
    for (long at = offsetBytes; at < end; ) {
      int length = inBlock(at, end - at);
      hold(
          at,
          length,
          (container, to) ->
              container.writeZeroes(to, length, Zeroing.MAY_DEALLOCATE, Durability.WRITE_BACK));
      at += length;
    }
  }

  @Override
  public void close() throws IOException {
    try {
      leaf.finish();
    } finally {
      leaf.layer().close();
    }
  }

  /// Puts bytes where a block has them.
  @FunctionalInterface
  private interface Content {
    void putTo(Container container, long offsetBytes) throws IOException;
  }

  private int inBlock(long offsetBytes, long lengthBytes) {
    int blockBytes = leaf.layer().geometry().blockBytes();
    return (int) Math.min(lengthBytes, blockBytes - offsetBytes % blockBytes);
  }

  private void hold(long offsetBytes, int lengthBytes, Content content) throws IOException {
    if (offsetBytes % SECTOR_BYTES != 0 || lengthBytes % SECTOR_BYTES != 0) {
      throw new IllegalArgumentException(
          "not whole sectors: " + lengthBytes + " bytes at " + offsetBytes);
    }
    if (leaf.commitDue()) {
      leaf.commit();
    }
    int blockBytes = leaf.layer().geometry().blockBytes();
    int block = (int) (offsetBytes / blockBytes);
    int from = (int) (offsetBytes % blockBytes);
    ReentrantLock lock = leaf.lockOf(block);
    lock.lock();
    try {
      LeafBlock known = leaf.blockLocked(block);
      LeafBlock own = known == null ? leaf.allocateLocked(block) : known;
      content.putTo(leaf.layer().container(), leaf.dataOffsetBytes(own, from));
      leaf.addSectors(own, from / SECTOR_BYTES, (from + lengthBytes) / SECTOR_BYTES);
    } finally {
      lock.unlock();
    }
  }
}
