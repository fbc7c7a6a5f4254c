// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.Container;
import io.strata.block.ForwardingContainer;
import io.strata.block.sim.MemoryContainer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Room for blocks on a medium that fails now and then.
final class BlockAllocatorTest {
  private static final int BLOCK_BYTES = VhdLayout.DEFAULT_BLOCK_BYTES;

  private final Failing image = new Failing(MemoryContainer.create("disk.vhd"));
  private final BlockGeometry geometry = new BlockGeometry(BLOCK_BYTES);
  private LeafFooter footer;
  private LeafBarrier barrier;
  private BlockAllocator allocator;

  @BeforeEach
  void open() throws IOException {
    VhdCreator.dynamic(image, new UUID(1, 1), 1000L * BLOCK_BYTES);
    Layer layer = Layer.open(image);
    footer = LeafFooter.open(image, layer.metadata());
    barrier = new LeafBarrier(image, footer);
    long endBytes = ImageEnd.bytes(layer.metadata(), layer.table());
    allocator = new BlockAllocator(image, geometry, footer, endBytes, barrier);
  }

  @Test
  void blockIsHandedOutOnceThoughItsReleaseFailedHalfWay() throws IOException {
    Set<Long> handedOut = new HashSet<>();
    while (allocator.heldBack() < 2) {
      assertThat(handedOut.add(allocator.allocate())).isTrue();
    }
    int held = allocator.heldBack();
    barrier.run();
    image.failZeroing(2);
    assertThatThrownBy(() -> allocator.release(held)).hasMessage("zeroing failed");

    long released = allocator.allocate();
    assertThat(handedOut.add(released)).isTrue();
    byte[] data = new byte[geometry.blockSectors() * VhdLayout.SECTOR_BYTES];
    Arrays.fill(data, (byte) 1);
    long at = released * VhdLayout.SECTOR_BYTES;
    image.write(at, ByteBuffer.wrap(data), Durability.WRITE_BACK);

    allocator.release(allocator.heldBack());
    ByteBuffer found = ByteBuffer.allocate(data.length);
    image.read(at, found);
    assertThat(found.array()).isEqualTo(data);
    for (int i = 0; i < 2 * held; i++) {
      assertThat(handedOut.add(allocator.allocate())).isTrue();
    }
  }

  @Test
  void oldFooterStaysUntilTheNewOneIsThereWhereGrowthCouldNotWriteIt() throws IOException {
    long oldFooterAt = Footers.trailingOffset(image);
    image.failWrite();
    assertThatThrownBy(() -> allocator.allocate()).hasMessage("write failed");
    assertThat(allocator.allocate() * VhdLayout.SECTOR_BYTES).isGreaterThan(oldFooterAt);
    assertThat(allocator.heldBack()).isPositive();
    boolean _ = footer.spread();
    barrier.run();
    assertThat(VhdMetadata.read(image).trailingFooterValid()).isTrue();
  }

  @Test
  void footerIsStillMissingAtTheEndWhereGrowthCouldNotWriteIt() throws IOException {
    image.failWrite();
    assertThatThrownBy(() -> allocator.allocate()).hasMessage("write failed");
    assertThat(VhdMetadata.read(image).trailingFooterValid()).isFalse();
    assertThat(footer.spread()).isTrue();
    barrier.run();
    assertThat(VhdMetadata.read(image).trailingFooterValid()).isTrue();
  }

  /// Fails a zeroing or a write once.
  private static final class Failing extends ForwardingContainer {
    private int untilFailure;
    private boolean writeFails;

    Failing(Container below) {
      super(below);
    }

    void failZeroing(int nth) {
      untilFailure = nth;
    }

    void failWrite() {
      writeFails = true;
    }

    @Override
    public void write(long offsetBytes, ByteBuffer source, Durability durability)
        throws IOException {
      if (writeFails) {
        writeFails = false;
        throw new IOException("write failed");
      }
      super.write(offsetBytes, source, durability);
    }

    @Override
    public void writeZeroes(
        long offsetBytes, long lengthBytes, Zeroing zeroing, Durability durability)
        throws IOException {
      if (untilFailure > 0 && --untilFailure == 0) {
        throw new IOException("zeroing failed");
      }
      super.writeZeroes(offsetBytes, lengthBytes, zeroing, durability);
    }
  }
}
