// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.Container;
import io.strata.block.ForwardingContainer;
import io.strata.block.sim.MemoryContainer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;

/// Changes of a footer that meet each other, or the image's growth.
final class LeafFooterTest {
  private static final long SIZE_BYTES = 100L * VhdLayout.DEFAULT_BLOCK_BYTES;

  private final MemoryContainer image = MemoryContainer.create("disk.vhd");

  /// A step of another thread.
  @FunctionalInterface
  private interface Step {
    void run() throws IOException;
  }

  @Test
  void changeStartsFromWhatTheOneBeforeLeft() throws Exception {
    VhdCreator.dynamic(image, new UUID(1, 1), SIZE_BYTES);
    LeafFooter footer = LeafFooter.open(image, VhdMetadata.read(image));
    LeafBarrier barrier = new LeafBarrier(image, footer);
    Other[] other = new Other[1];
    footer.change(
        old -> {
          other[0] = new Other(() -> footer.change(next -> next.withHidden(true), barrier));
          other[0].awaitDoneOrBlocked();
          return old.withDataOffset(HeaderSlots.SECOND_AT);
        },
        barrier);
    other[0].join();
    assertThat(footer.footer().hidden()).isTrue();
    assertThat(footer.footer().dataOffsetBytes()).isEqualTo(HeaderSlots.SECOND_AT);
  }

  @Test
  void changeWaitsForTheEndOfGrowth() throws Exception {
    VhdCreator.dynamic(image, new UUID(1, 1), SIZE_BYTES);
    int before = VhdMetadata.read(image).footer().timestamp();
    Growing growing = new Growing(image);
    WritableLeaf leaf = WritableLeaf.open(Layer.open(growing));
    Other[] other = new Other[1];
    growing.onGrowth =
        () -> {
          other[0] = new Other(leaf::markModified);
          other[0].awaitDoneOrBlocked();
        };
    ReentrantLock lock = leaf.lockOf(0);
    lock.lock();
    try {
      leaf.addSectors(leaf.allocateLocked(0), 0, 1);
    } finally {
      lock.unlock();
    }
    other[0].join();
    leaf.finish();
    leaf.commit();
    VhdMetadata metadata = VhdMetadata.read(image);
    assertThat(metadata.footer().timestamp()).isNotEqualTo(before);
    assertThat(metadata.trailingFooterValid()).isTrue();
  }

  /// As a write of the copy leaves it that was reported as done, and lost.
  @Test
  void endThatKnowsALargerDiskIsBelievedAndPutInForce() throws Exception {
    VhdCreator.dynamic(image, new UUID(1, 1), SIZE_BYTES);
    ByteBuffer old = ByteBuffer.allocate(VhdLayout.FOOTER_BYTES);
    image.read(0, old);
    VhdEditor.resize(image, 2 * SIZE_BYTES);
    image.write(0, old.flip(), Durability.WRITE_BACK);
    assertThat(VhdMetadata.read(image).footer().currentSizeBytes()).isEqualTo(2 * SIZE_BYTES);
    WritableLeaf.open(Layer.open(image)).finish();
    VhdMetadata metadata = VhdMetadata.read(image);
    assertThat(metadata.footer().currentSizeBytes()).isEqualTo(2 * SIZE_BYTES);
    assertThat(metadata.trailingFooterValid()).isTrue();
  }

  /// A thread that makes one step.
  private static final class Other {
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private final Thread thread;

    Other(Step step) {
      thread =
          Thread.ofPlatform()
              .start(() -> {
                try {
                  step.run();
                  done.complete(null);
                } catch (IOException | RuntimeException e) {
                  done.completeExceptionally(e);
                }
              });
    }

    void awaitDoneOrBlocked() {
      while (!done.isDone() && thread.getState() != Thread.State.BLOCKED) {
        Thread.onSpinWait();
      }
    }

    void join() throws Exception {
      done.get();
    }
  }

  /// Lets something happen when the image has grown.
  private static final class Growing extends ForwardingContainer {
    private Step onGrowth = () -> {};

    Growing(Container below) {
      super(below);
    }

    @Override
    public void ensureCapacity(long sizeBytes) throws IOException {
      super.ensureCapacity(sizeBytes);
      Step once = onGrowth;
      onGrowth = () -> {};
      once.run();
    }
  }
}
