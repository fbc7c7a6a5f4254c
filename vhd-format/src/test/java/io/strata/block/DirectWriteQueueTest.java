// SPDX-License-Identifier: Apache-2.0
package io.strata.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.strata.block.BlockDevice.Durability;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Needs ext4 or XFS: elsewhere there is no such queue, and the tests are skipped.
class DirectWriteQueueTest {
  private static final int PAGE_BYTES = 4096;
  private static final int PAGES = 4096;
  private static final long SEED = Long.getLong("strata.seed", System.nanoTime());

  @TempDir Path folder;
  private FileContainer file;
  private final Random random = new Random(SEED);

  /// Writes given to the kernel.
  private final AtomicInteger submitted = new AtomicInteger();

  private final AtomicInteger completed = new AtomicInteger();

  /// The first half has data, the second is a hole.
  @BeforeEach
  void makeFile() throws IOException {
    System.out.println("-Dstrata.seed=" + SEED);
    String type = Files.getFileStore(folder).type();
    assumeTrue(Set.of("ext4", "xfs").contains(type), "there are no direct writes on " + type);
    file = makeFile("file");
  }

  private FileContainer makeFile(String name) throws IOException {
    FileContainer made = FileContainer.create(folder.resolve(name));
    made.ensureCapacity((long) PAGES * PAGE_BYTES);
    made.write(0, bytes(PAGES / 2 * PAGE_BYTES, 1), Durability.WRITE_BACK);
    made.flush();
    return made;
  }

  @AfterEach
  void closeFile() throws IOException {
    if (file != null) {
      file.close();
    }
  }

  @Test
  void fileReadsAsAfterBufferedWritesOfTheSame() throws IOException {
    try (FileContainer plain = makeFile("plain");
        WriteQueue direct = queue()) {
      for (int round = 0; round < 4; round++) {
        // Others change and read what the page cache has, while nothing is under way.
        ByteBuffer others = randomBytes(1 + random.nextInt(100_000));
        int at = random.nextInt(PAGES * PAGE_BYTES - others.remaining());
        for (FileContainer container : List.of(file, plain)) {
          container.write(at, others.duplicate(), Durability.WRITE_BACK);
        }
        assertThat(content(file)).isEqualTo(content(plain));
        for (Piece piece : pieces()) {
          ByteBuffer data = randomBytes(piece.lengthBytes());
          plain.write(piece.offsetBytes(), data.duplicate(), Durability.WRITE_BACK);
          if (!direct.offer(piece.offsetBytes(), data)) {
            file.write(piece.offsetBytes(), data, Durability.WRITE_BACK);
          }
        }
        direct.drain();
        assertThat(content(file)).isEqualTo(content(plain));
      }
    }
    assertThat(submitted).hasPositiveValue();
  }

  private record Piece(long offsetBytes, int lengthBytes) {}

  /// Pieces of the whole file in any order, of whole pages and not.
  private List<Piece> pieces() {
    List<Piece> pieces = new ArrayList<>();
    for (int at = 0; at < PAGES * PAGE_BYTES; ) {
      int length = 1 + random.nextInt(random.nextBoolean() ? 3 * PAGE_BYTES : 300_000);
      if (random.nextInt(8) > 0) {
        length = Math.ceilDiv(at + length, PAGE_BYTES) * PAGE_BYTES - at;
      }
      length = Math.min(length, PAGES * PAGE_BYTES - at);
      if (random.nextInt(3) > 0) {
        pieces.add(new Piece(at, length));
      }
      at += length;
    }
    // Half of them stay in order, so that there are some that adjoin.
    Collections.shuffle(pieces.subList(0, pieces.size() / 2), random);
    return pieces;
  }

  @Test
  void piecesInHolesAndPartsOfPagesAreNotTaken() throws IOException {
    try (WriteQueue queue = queue()) {
      assertThat(queue.offer((PAGES - 2L) * PAGE_BYTES, bytes(PAGE_BYTES, 2))).isFalse();
      assertThat(queue.offer(512, bytes(PAGE_BYTES, 2))).isFalse();
      assertThat(queue.offer(0, bytes(512, 2))).isFalse();
      assertThat(queue.offer((PAGES / 2 - 1L) * PAGE_BYTES, bytes(2 * PAGE_BYTES, 2))).isFalse();
      queue.drain();
      assertThat(submitted).hasValue(0);
      assertThat(queue.offer(4L * PAGE_BYTES, bytes(PAGE_BYTES, 2))).isTrue();
      queue.drain();
      assertThat(submitted).hasValue(1);
    }
    assertThat(bytesAt(0)).containsOnly(1);
    assertThat(bytesAt(4L * PAGE_BYTES)).containsOnly(2);
  }

  @Test
  void extentsAreSeenAsFarAsTheyGo() throws IOException {
    int fd = LinuxCalls.open(folder.resolve("file"), LinuxCalls.O_RDONLY, 0);
    try {
      FileExtent extent = FileExtent.at(fd, PAGE_BYTES);
      assertThat(extent.holds(PAGE_BYTES, 8L * PAGE_BYTES)).isTrue();
      assertThat(extent.holds(PAGE_BYTES, (long) PAGES * PAGE_BYTES)).isFalse();
      FileExtent hole = FileExtent.at(fd, (PAGES - 9L) * PAGE_BYTES);
      assertThat(hole.holds((PAGES - 9L) * PAGE_BYTES, PAGE_BYTES)).isFalse();
    } finally {
      LinuxCalls.close(fd);
    }
  }

  @Test
  void piecesThatAdjoinAreOneWrite() throws IOException {
    try (WriteQueue queue = queue()) {
      for (long page = 10; page < 20; page++) {
        offer(queue, page * PAGE_BYTES, bytes(PAGE_BYTES, 2));
      }
      queue.drain();
    }
    assertThat(submitted).hasValue(1);
    assertThat(bytesAt(15L * PAGE_BYTES)).containsOnly(2);
  }

  @Test
  void failedWriteIsToldWithItsPlaceAndNothingIsSubmittedAfterIt() throws IOException {
    assertFails(-LinuxCalls.ENOSPC, "No space left on device");
    assertFails(-LinuxCalls.EIO, "Input/output error");
  }

  @Test
  void shortWriteFails() throws IOException {
    assertFails(512, "only 512 bytes were written");
  }

  private void assertFails(int result, String reason) throws IOException {
    try (WriteQueue queue = queue(failingAt(8L * PAGE_BYTES, result))) {
      offer(queue, 8L * PAGE_BYTES, bytes(PAGE_BYTES, 2));
      assertThatThrownBy(queue::drain)
          .isInstanceOf(IOException.class)
          .hasMessageContaining(file.location())
          .hasMessageContaining("direct write of 4096 bytes at byte " + 8 * PAGE_BYTES)
          .hasMessageContaining(reason);
      int before = submitted.get();
      assertThatThrownBy(() -> queue.offer(0, bytes(PAGE_BYTES, 2))).hasMessageContaining(reason);
      assertThatThrownBy(queue::drain).hasMessageContaining(reason);
      assertThat(submitted).hasValue(before);
    }
  }

  @Test
  void failureAmongManyWritesEndsThemAll() throws IOException {
    try (WriteQueue queue = queue(failingAt(50L * PAGE_BYTES, -LinuxCalls.EIO))) {
      assertThatThrownBy(
              () -> {
                for (long page = 0; page < PAGES / 2; page += 2) {
                  offer(queue, page * PAGE_BYTES, bytes(PAGE_BYTES, 2));
                }
                queue.drain();
              })
          .hasMessageContaining("at byte " + 50 * PAGE_BYTES);
    }
  }

  @Test
  void refusedSubmissionFails() throws IOException {
    WatchedAio refusing =
        new WatchedAio() {
          @Override
          public int submit(WriteBatch batch, int fromWrite, int count) {
            return -LinuxCalls.EAGAIN;
          }
        };
    try (WriteQueue queue = queue(refusing)) {
      offer(queue, 0, bytes(PAGE_BYTES, 2));
      assertThatThrownBy(queue::drain).hasMessageContaining("Resource temporarily unavailable");
    }
  }

  @Test
  void writesThatTheKernelDidNotTakeAreSubmittedAgain() throws IOException {
    WatchedAio busy =
        new WatchedAio() {
          private boolean refuses;

          @Override
          public int submit(WriteBatch batch, int fromWrite, int count) {
            refuses = !refuses && fromWrite > 0;
            return refuses ? -LinuxCalls.EAGAIN : super.submit(batch, fromWrite, 1);
          }
        };
    try (WriteQueue queue = queue(busy)) {
      for (long page = 0; page < PAGES / 2; page += 2) {
        offer(queue, page * PAGE_BYTES, bytes(PAGE_BYTES, 2));
      }
      queue.drain();
    }
    for (long page = 0; page < PAGES / 2; page++) {
      assertThat(bytesAt(page * PAGE_BYTES)).containsOnly(page % 2 == 0 ? 2 : 1);
    }
  }

  @Test
  void brokenContextFailsWhatIsUnderWayAndWhatComesLater() throws IOException {
    WatchedAio broken =
        new WatchedAio() {
          @Override
          public int await(int least, MemorySegment events) {
            return -LinuxCalls.EINVAL;
          }
        };
    try (WriteQueue queue = queue(broken)) {
      offer(queue, 0, bytes(PAGE_BYTES, 2));
      assertThatThrownBy(queue::drain).hasMessageContaining("io_getevents: error 22");
      assertThatThrownBy(() -> queue.offer(0, bytes(PAGE_BYTES, 2)))
          .hasMessageContaining("io_getevents: error 22");
    }
  }

  @Test
  void closeWaitsForWhatIsUnderWay() throws IOException {
    try (WriteQueue queue = queue()) {
      for (long page = 0; page < PAGES / 2; page += 2) {
        offer(queue, page * PAGE_BYTES, bytes(PAGE_BYTES, 2));
      }
    }
    assertThat(submitted).hasPositiveValue().hasValue(completed.get());
  }

  @Test
  void closedQueueTakesNothing() throws IOException {
    WriteQueue queue = queue();
    queue.close();
    queue.close();
    assertThatThrownBy(() -> queue.offer(0, bytes(PAGE_BYTES, 2))).hasMessageContaining("closed");
  }

  @Test
  void writableFileHasOne() throws IOException {
    try (WriteQueue queue = file.directWrites().orElseThrow()) {
      offer(queue, 0, bytes(PAGE_BYTES, 2));
      queue.drain();
    }
    assertThat(bytesAt(0)).containsOnly(2);
    try (FileContainer readOnly = FileContainer.openReadOnly(Path.of(file.location()))) {
      assertThat(readOnly.directWrites()).isEmpty();
    }
  }

  /// More queues, one after the other, than the kernel has contexts for at once.
  @Test
  void closeReleasesContextsAndDescriptors() throws IOException {
    queue().close();
    long before = descriptors();
    for (int i = 0; i < 200; i++) {
      try (WriteQueue queue = queue()) {
        offer(queue, 0, bytes(PAGE_BYTES, i));
      }
    }
    assertThat(descriptors()).isEqualTo(before);
  }

  @Test
  void withoutContextsThereIsNoQueue() throws IOException {
    long before = descriptors();
    assertThat(open(Optional.empty())).isEmpty();
    assertThat(descriptors()).isEqualTo(before);
  }

  /// The kernel's, with what it is given counted.
  private class WatchedAio implements Aio {
    private final Aio kernel = NativeAio.open(DirectWriteQueue.MOST_IN_FLIGHT).orElseThrow();

    @Override
    public int submit(WriteBatch batch, int fromWrite, int count) {
      int taken = kernel.submit(batch, fromWrite, count);
      submitted.addAndGet(taken);
      return taken;
    }

    @Override
    public int await(int least, MemorySegment events) {
      int count = kernel.await(least, events);
      completed.addAndGet(count);
      return count;
    }

    @Override
    public void close() {
      kernel.close();
    }
  }

  /// The write at an offset completes with a result that is not the kernel's.
  private WatchedAio failingAt(long offsetBytes, long result) {
    return new WatchedAio() {
      private long failing = -1;

      @Override
      public int submit(WriteBatch batch, int fromWrite, int count) {
        for (int i = fromWrite; i < batch.writes(); i++) {
          if (batch.offsetBytes(i) == offsetBytes) {
            failing = batch.data(i);
          }
        }
        return super.submit(batch, fromWrite, count);
      }

      @Override
      public int await(int least, MemorySegment events) {
        int count = super.await(least, events);
        for (long at = 0; at < (long) count * EVENT_BYTES; at += EVENT_BYTES) {
          if (events.get(ValueLayout.JAVA_LONG, at + EVENT_DATA_AT) == failing) {
            events.set(ValueLayout.JAVA_LONG, at + EVENT_RESULT_AT, result);
          }
        }
        return count;
      }
    };
  }

  private WriteQueue queue() throws IOException {
    return queue(new WatchedAio());
  }

  private WriteQueue queue(Aio aio) throws IOException {
    return open(Optional.of(aio)).orElseThrow();
  }

  /// Through a descriptor of its own, as the container has one.
  private Optional<WriteQueue> open(Optional<Aio> aio) throws IOException {
    int fd = LinuxCalls.open(folder.resolve("file"), LinuxCalls.O_RDONLY, 0);
    try {
      return DirectWriteQueue.open(folder.resolve("file"), fd, _ -> aio);
    } finally {
      LinuxCalls.close(fd);
    }
  }

  private static void offer(WriteQueue queue, long offsetBytes, ByteBuffer bytes)
      throws IOException {
    assertThat(queue.offer(offsetBytes, bytes)).isTrue();
  }

  /// Open descriptors of the file.
  private long descriptors() throws IOException {
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return open.filter(link -> leadsTo(link, file.location())).count();
    }
  }

  private static boolean leadsTo(Path link, String name) {
    try {
      return Files.readSymbolicLink(link).toString().equals(name);
    } catch (IOException gone) {
      return false;
    }
  }

  private byte[] bytesAt(long offsetBytes) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(PAGE_BYTES);
    file.read(offsetBytes, bytes);
    return bytes.array();
  }

  private static byte[] content(FileContainer container) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(PAGES * PAGE_BYTES);
    container.read(0, bytes);
    return bytes.array();
  }

  private static ByteBuffer bytes(int length, int value) {
    byte[] bytes = new byte[length];
    java.util.Arrays.fill(bytes, (byte) value);
    return ByteBuffer.wrap(bytes);
  }

  private ByteBuffer randomBytes(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return ByteBuffer.wrap(bytes);
  }
}
