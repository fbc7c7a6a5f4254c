// SPDX-License-Identifier: Apache-2.0
package io.strata.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.block.sim.MemoryContainer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class SparseCopyTest {
  private static final int MIB = 1 << 20;
  private static final int DISK_BYTES = 9 * MIB + 777;

  private static MemoryContainer disk(int sizeBytes) throws IOException {
    MemoryContainer disk = MemoryContainer.create("disk");
    disk.ensureCapacity(sizeBytes);
    return disk;
  }

  /// Data, a hole, zeroes that were written, and data up to an odd end.
  private static MemoryContainer source() throws IOException {
    MemoryContainer source = disk(DISK_BYTES);
    byte[] bytes = new byte[2 * MIB];
    new Random(1).nextBytes(bytes);
    source.write(0, ByteBuffer.wrap(bytes));
    source.write(5L * MIB, ByteBuffer.allocate(MIB));
    source.write(DISK_BYTES - 100_000, ByteBuffer.wrap(bytes, 0, 100_000));
    return source;
  }

  @Test
  void copyReadsAsItsSourceAndZeroesAreNotWritten() throws IOException {
    MemoryContainer source = source();
    MemoryContainer target = disk(DISK_BYTES);
    AtomicLong end = new AtomicLong();
    SparseCopy copy = new SparseCopy(source, target, true, end::set);
    copy.copyFrom(0);
    assertThat(end).hasValue(DISK_BYTES);
    assertThat(DeviceComparison.firstDifference(source, target, SparseCopy.Listener.NONE))
        .isEmpty();
    assertThat(copy.readBytes()).isLessThan(5L * MIB);
    AtomicLong data = new AtomicLong();
    target.extents(
        5L * MIB,
        MIB,
        (at, length, kind) -> {
          data.addAndGet(kind == Extent.Kind.DATA ? length : 0);
          return true;
        });
    assertThat(data).hasValue(0);
  }

  @Test
  void whatALargerTargetHeldBecomesZeroes() throws IOException {
    MemoryContainer source = source();
    MemoryContainer target = disk(DISK_BYTES + MIB);
    byte[] old = new byte[DISK_BYTES + MIB];
    java.util.Arrays.fill(old, (byte) 7);
    target.write(0, ByteBuffer.wrap(old));
    new SparseCopy(source, target, false, SparseCopy.Listener.NONE).copyFrom(0);
    assertThat(DeviceComparison.firstDifference(source, target, SparseCopy.Listener.NONE))
        .isEmpty();
  }

  @Test
  void copyThatBrokeOffGoesOnFromWhatWasHeardLast() throws IOException {
    MemoryContainer source = source();
    MemoryContainer target = disk(DISK_BYTES);
    AtomicLong reached = new AtomicLong();
    SparseCopy broken =
        new SparseCopy(
            source,
            target,
            true,
            end -> {
              if (end > MIB) {
                throw new IOException("broken off");
              }
              reached.set(end);
            });
    assertThatThrownBy(() -> broken.copyFrom(0)).hasMessage("broken off");
    assertThat(reached).hasValue(MIB);
    SparseCopy resumed = new SparseCopy(source, target, true, SparseCopy.Listener.NONE);
    resumed.copyFrom(reached.get());
    assertThat(DeviceComparison.firstDifference(source, target, SparseCopy.Listener.NONE))
        .isEmpty();
    assertThat(resumed.readBytes()).isLessThan(4L * MIB);
  }

  @Test
  void comparisonFindsTheOneByteThatDiffers() throws IOException {
    MemoryContainer source = source();
    MemoryContainer target = disk(DISK_BYTES + MIB);
    new SparseCopy(source, target, true, SparseCopy.Listener.NONE).copyFrom(0);
    for (long at : new long[] {0, 3L * MIB + 1, DISK_BYTES - 1, DISK_BYTES + 5}) {
      ByteBuffer was = ByteBuffer.allocate(1);
      target.read(at, was);
      target.write(at, ByteBuffer.wrap(new byte[] {(byte) (was.get(0) + 1)}));
      assertThat(DeviceComparison.firstDifference(source, target, SparseCopy.Listener.NONE))
          .hasValue(at);
      target.write(at, was.flip());
    }
  }

  @Test
  void sourceThatIsLargerThanItsTargetIsRefused() throws IOException {
    MemoryContainer source = source();
    MemoryContainer target = disk(DISK_BYTES - 1);
    SparseCopy copy = new SparseCopy(source, target, true, SparseCopy.Listener.NONE);
    String sizes = "the source has " + DISK_BYTES + " bytes, its copy " + (DISK_BYTES - 1);
    assertThatThrownBy(() -> copy.copyFrom(0)).isInstanceOf(IOException.class).hasMessage(sizes);
    assertThatThrownBy(() -> copy.copy(0, MIB)).isInstanceOf(IOException.class).hasMessage(sizes);
    assertThatThrownBy(
            () -> DeviceComparison.firstDifference(source, target, SparseCopy.Listener.NONE))
        .isInstanceOf(IOException.class)
        .hasMessage(sizes);
  }
}
