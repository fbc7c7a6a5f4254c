// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import static io.strata.crash.SectorModel.SECTOR_BYTES;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.Container;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/// The smallest copy-on-write disk: each write goes to fresh sectors, and a commit points the
/// index, which is one sector, at them. To prove the harness with.
///
/// Barriers: the data is durable before the index names it, and the index before the flush returns.
final class ToyStore {
  /// Sectors of the disk, of [SectorModel#SECTOR_BYTES] each.
  static final int SECTORS = 64;

  private static final int SLOTS_AT = 4096;

  private final Container container;
  private final int[] index = new int[SECTORS];
  private int next = 1;

  private ToyStore(Container container) {
    this.container = container;
  }

  static ToyStore create(Container container) throws IOException {
    container.ensureCapacity(1 << 20);
    ToyStore store = new ToyStore(container);
    store.writeIndex();
    container.flush();
    return store;
  }

  static ToyStore open(Container container) throws IOException {
    ToyStore store = new ToyStore(container);
    ByteBuffer bytes = ByteBuffer.allocate(SECTOR_BYTES);
    container.read(0, bytes);
    bytes.flip();
    for (int i = 0; i < SECTORS; i++) {
      store.index[i] = bytes.getInt();
    }
    store.next = Arrays.stream(store.index).max().orElse(0) + 1;
    return store;
  }

  void write(int sector, byte[] bytes) throws IOException {
    for (int at = 0; at < bytes.length; at += SECTOR_BYTES) {
      ByteBuffer part = ByteBuffer.wrap(bytes, at, SECTOR_BYTES);
      container.write(offsetOf(next), part, Durability.WRITE_BACK);
      index[sector + at / SECTOR_BYTES] = next++;
    }
  }

  byte[] read(int sector) throws IOException {
    byte[] bytes = new byte[SECTOR_BYTES];
    if (index[sector] != 0) {
      container.read(offsetOf(index[sector]), ByteBuffer.wrap(bytes));
    }
    return bytes;
  }

  void flush() throws IOException {
    container.flush();
    writeIndex();
    container.flush();
  }

  private void writeIndex() throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(SECTOR_BYTES);
    for (int slot : index) {
      bytes.putInt(slot);
    }
    container.write(0, bytes.clear(), Durability.WRITE_BACK);
  }

  private static long offsetOf(int slot) {
    return SLOTS_AT + (long) slot * SECTOR_BYTES;
  }
}
