// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.block.BlockDevice;
import io.strata.block.Container;
import io.strata.block.FileContainer;
import io.strata.block.ForwardingContainer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class MirroredLeafTest {
  private static final int SIZE = 24 << 20;
  private static final int HELD = 3 << 20;

  @TempDir private Path folder;

  private final Random random = new Random(5);
  private final byte[] model = new byte[SIZE];

  /// A chain of two images, of which the upper one holds the first bytes.
  private MirroredLeaf mirror() throws IOException {
    return mirror(parent -> parent);
  }

  private MirroredLeaf mirror(UnaryOperator<Container> parentBy) throws IOException {
    try (FileContainer container = FileContainer.create(folder.resolve("parent.vhd"))) {
      VhdCreator.dynamic(container, UUID.randomUUID(), SIZE);
    }
    try (VhdChain chain = open("parent.vhd", true)) {
      for (int i = 0; i < 200; i++) {
        change(chain, SIZE);
      }
      try (FileContainer child = FileContainer.create(folder.resolve("leaf.vhd"))) {
        chain.createChild(child, UUID.randomUUID(), "parent.vhd");
      }
    }
    VhdChain leaf = open("leaf.vhd", true);
    byte[] bytes = new byte[HELD];
    random.nextBytes(bytes);
    leaf.write(0, ByteBuffer.wrap(bytes));
    System.arraycopy(bytes, 0, model, 0, HELD);
    for (int i = 0; i < 50; i++) {
      change(leaf, HELD);
    }
    return new MirroredLeaf(
        leaf,
        VhdChain.openMirror(
            parentBy.apply(FileContainer.openReadWrite(folder.resolve("parent.vhd"))),
            new FolderParents(folder),
            leaf));
  }

  private VhdChain open(String name, boolean writable) throws IOException {
    Path file = folder.resolve(name);
    return VhdChain.open(
        writable ? FileContainer.openReadWrite(file) : FileContainer.openReadOnly(file),
        writable,
        new FolderParents(folder));
  }

  /// Writes, zeroes or trims a few KiB below an end.
  private void change(BlockDevice device, int end) throws IOException {
    int length = 1 + random.nextInt(20_000);
    int at = random.nextInt(end - length);
    byte[] bytes = new byte[length];
    if (random.nextInt(4) == 0) {
      device.writeZeroes(
          at,
          length,
          random.nextBoolean() ? BlockDevice.Zeroing.MAY_DEALLOCATE : BlockDevice.Zeroing.ALLOCATE,
          BlockDevice.Durability.WRITE_BACK);
    } else {
      random.nextBytes(bytes);
      device.write(at, ByteBuffer.wrap(bytes));
    }
    System.arraycopy(bytes, 0, model, at, length);
  }

  private void assertHolds(BlockDevice device) throws IOException {
    ByteBuffer found = ByteBuffer.allocate(SIZE);
    device.read(0, found);
    assertThat(found.array()).isEqualTo(model);
  }

  /// A guest that writes twice as much as was copied, whenever something was copied.
  private final class Guest implements MergeListener {
    private final BlockDevice disk;
    private long copied;
    private long written;

    Guest(BlockDevice disk) {
      this.disk = disk;
    }

    @Override
    public void merged(long bytes) throws IOException {
      copied += bytes;
      while (written < 2 * copied) {
        byte[] more = new byte[64 * 1024];
        random.nextBytes(more);
        int at = random.nextInt(SIZE - more.length);
        disk.write(at, ByteBuffer.wrap(more));
        System.arraycopy(more, 0, model, at, more.length);
        written += more.length;
        change(disk, SIZE);
      }
    }

    @Override
    public void durableUpTo(int block) {}
  }

  @Test
  void copyEndsAlthoughTheGuestWritesMoreThanIsCopied() throws IOException {
    try (MirroredLeaf mirror = mirror()) {
      Guest guest = new Guest(mirror);
      mirror.copy(guest);
      // Only the blocks that the leaf had at the start are copied, each once.
      assertThat(guest.copied).isBetween((long) HELD, 2L * VhdLayout.DEFAULT_BLOCK_BYTES);
      assertThat(guest.written).isGreaterThan(guest.copied);
      assertHolds(mirror);
      assertHolds(mirror.parent());
      mirror.alike();
      change(mirror, SIZE);
      assertHolds(mirror);
      assertHolds(mirror.parent());
    }
    try (VhdChain parent = open("parent.vhd", false);
        VhdChain leaf = open("leaf.vhd", false)) {
      assertHolds(parent);
      assertHolds(leaf);
    }
  }

  @Test
  void brokenOffMergeLeavesTheLeafAsTheDisk() throws IOException {
    MirroredLeaf mirror = mirror();
    change(mirror, SIZE);
    mirror.breakOff();
    mirror.parent().close();
    for (int i = 0; i < 20; i++) {
      change(mirror, SIZE);
    }
    assertHolds(mirror);
    assertThatThrownBy(() -> mirror.copy(MergeListener.none())).isInstanceOf(IOException.class);
    assertThatThrownBy(mirror::alike).isInstanceOf(IOException.class);
    mirror.close();
    try (VhdChain leaf = open("leaf.vhd", true)) {
      assertHolds(leaf);
    }
  }

  @Test
  void parentThatFailsEndsTheMergeAndNotTheGuestsWrites() throws IOException {
    try (MirroredLeaf mirror = mirror()) {
      mirror.parent().close();
      change(mirror, SIZE);
      assertThatThrownBy(mirror::alike)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("can't be written")
          .hasMessageContaining("parent.vhd is closed");
      change(mirror, SIZE);
      mirror.flush();
      assertHolds(mirror);
    }
  }

  @Test
  void parentThatFailsByAnUncheckedExceptionEndsTheMergeToo() throws IOException {
    AtomicBoolean fails = new AtomicBoolean();
    try (MirroredLeaf mirror = mirror(parent -> failing(parent, fails))) {
      mirror.copy(MergeListener.none());
      fails.set(true);
      change(mirror, SIZE);
      fails.set(false);
      assertThatThrownBy(mirror::alike)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("can't be written");
      assertHolds(mirror);
    }
  }

  private static Container failing(Container parent, AtomicBoolean fails) {
    return new ForwardingContainer(parent) {
      @Override
      public void write(long offsetBytes, ByteBuffer source, Durability durability)
          throws IOException {
        if (fails.get()) {
          throw new IllegalStateException("failed");
        }
        super.write(offsetBytes, source, durability);
      }

      @Override
      public void writeZeroes(
          long offsetBytes, long lengthBytes, Zeroing zeroing, Durability durability)
          throws IOException {
        if (fails.get()) {
          throw new IllegalStateException("failed");
        }
        super.writeZeroes(offsetBytes, lengthBytes, zeroing, durability);
      }
    };
  }

  /// A write of a guest that goes on while the copy ends.
  @Test
  void mergeWhoseParentFailedDoesNotBecomeAlike() {
    MirrorState before = new MirrorState();
    before.parentFailed(new IOException("failed"));
    assertThat(before.becomeAlike()).isFalse();
    assertThat(before.now()).isEqualTo(MirrorState.State.BROKEN_OFF);
    MirrorState after = new MirrorState();
    assertThat(after.becomeAlike()).isTrue();
    after.parentFailed(new IOException("failed"));
    assertThat(after.alike()).isFalse();
    assertThat(after.becomeAlike()).isFalse();
  }
}
