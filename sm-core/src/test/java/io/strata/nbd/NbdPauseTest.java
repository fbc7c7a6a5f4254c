// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.block.BlockDevice.Durability;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Pausing an export and replacing its device under clients that check what they read.
@Timeout(120)
final class NbdPauseTest {
  private static final int SIZE_BYTES = 1 << 20;
  private static final int CLIENTS = 4;
  private static final int SWAPS = 60;
  private static final Duration DRAIN = Duration.ofSeconds(20);

  @Test
  void swapsUnderLoadLoseNoWriteAndNoConnection() throws Exception {
    MemoryDevice current = new MemoryDevice(SIZE_BYTES);
    AtomicBoolean stop = new AtomicBoolean();
    try (TestServer server = new TestServer(current);
        ExecutorService pool = Executors.newFixedThreadPool(CLIENTS)) {
      List<Future<Integer>> clients = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        int region = i;
        clients.add(pool.submit(() -> writeAndVerify(server, region, stop)));
      }
      for (int swap = 0; swap < SWAPS; swap++) {
        server.export().pause(DRAIN);
        int writesAtPause = current.reads.get();
        MemoryDevice next = copyOf(current);
        Thread.sleep(1);
        assertThat(current.reads.get() - writesAtPause)
            .as("only the copy read the paused device")
            .isEqualTo(1);
        server.export().swap(next);
        server.export().resume();
        current = next;
        Thread.sleep(2);
      }
      stop.set(true);
      for (Future<Integer> client : clients) {
        assertThat(client.get(60, TimeUnit.SECONDS)).isPositive();
      }
      assertThat(server.export().statistics().errors()).isZero();
    }
  }

  private static MemoryDevice copyOf(MemoryDevice device) throws IOException {
    ByteBuffer content = ByteBuffer.allocate(SIZE_BYTES);
    device.read(0, content);
    MemoryDevice copy = new MemoryDevice(SIZE_BYTES);
    copy.write(0, content.flip(), Durability.WRITE_BACK);
    return copy;
  }

  /// Writes rising numbers all over a region, and reads back what it wrote the round before.
  private static int writeAndVerify(TestServer server, int region, AtomicBoolean stop)
      throws IOException {
    int blockBytes = 4096;
    int blocks = 16;
    long start = (long) region * blockBytes * blocks;
    int round = 0;
    try (NbdClient client = server.connect()) {
      while (!stop.get() || round == 0) {
        for (int block = 0; block < blocks; block++) {
          long offset = start + (long) block * blockBytes;
          if (round > 0) {
            ByteBuffer old = ByteBuffer.allocate(blockBytes);
            client.read(offset, old);
            assertThat(old.flip()).isEqualTo(filled(blockBytes, round - 1, block));
          }
          client.write(offset, filled(blockBytes, round, block), Durability.WRITE_BACK);
        }
        client.flush();
        round++;
      }
    }
    return round;
  }

  private static ByteBuffer filled(int length, int round, int block) {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    while (bytes.hasRemaining()) {
      bytes.putInt(round).putInt(block);
    }
    return bytes.flip();
  }

  @Test
  void requestsWaitWhilePausedAndRunAfterwards() throws Exception {
    MemoryDevice device = new MemoryDevice(SIZE_BYTES);
    try (TestServer server = new TestServer(device);
        NbdClient client = server.connect();
        ExecutorService pool = Executors.newSingleThreadExecutor()) {
      server.export().pause(DRAIN);
      Future<?> reading =
          pool.submit(() -> {
            client.read(0, ByteBuffer.allocate(512));
            return null;
          });
      Thread.sleep(100);
      assertThat(reading.isDone()).isFalse();
      assertThat(device.reads).hasValue(0);
      server.export().resume();
      reading.get(20, TimeUnit.SECONDS);
      assertThat(device.reads).hasValue(1);
    }
  }

  @Test
  void pauseThatCannotDrainThrowsAndTheExportRunsOn() throws Exception {
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    AtomicInteger slowReads = new AtomicInteger(1);
    MemoryDevice device =
        new MemoryDevice(SIZE_BYTES) {
          @Override
          public synchronized void read(long offsetBytes, ByteBuffer target) throws IOException {
            if (slowReads.getAndDecrement() > 0) {
              entered.countDown();
              awaitQuietly(release);
            }
            super.read(offsetBytes, target);
          }
        };
    try (TestServer server = new TestServer(device);
        NbdClient client = server.connect();
        ExecutorService pool = Executors.newSingleThreadExecutor()) {
      Future<?> slow =
          pool.submit(() -> {
            client.read(0, ByteBuffer.allocate(512));
            return null;
          });
      assertThat(entered.await(20, TimeUnit.SECONDS)).isTrue();
      assertThatThrownBy(() -> server.export().pause(Duration.ofMillis(50)))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("1 connections");
      release.countDown();
      slow.get(20, TimeUnit.SECONDS);
      client.read(0, ByteBuffer.allocate(512));
      server.export().pause(DRAIN);
      server.export().resume();
    }
  }

  /// A flush takes as long as the medium does. A pause lets it end before it stops anyone else.
  @Test
  void requestsGoOnWhileAPauseWaitsForAFlush() throws Exception {
    SlowFlushes device = new SlowFlushes();
    try (TestServer server = new TestServer(device);
        NbdClient flusher = server.connect();
        NbdClient writer = server.connect();
        ExecutorService pool = Executors.newFixedThreadPool(2)) {
      Future<?> flush = device.flushing(pool, flusher);
      Future<?> pause = pool.submit(() -> call(() -> server.export().pause(DRAIN)));
      Thread.sleep(100);
      writer.write(0, filled(4096, 1, 0), Durability.WRITE_BACK);
      assertThat(pause.isDone()).as("a flush still runs").isFalse();
      device.release.countDown();
      pause.get(20, TimeUnit.SECONDS);
      flush.get(20, TimeUnit.SECONDS);
      server.export().resume();
      writer.flush();
    }
  }

  @Test
  void flushThatComesDuringAPauseIsOfTheReplacement() throws Exception {
    MemoryDevice device = new MemoryDevice(SIZE_BYTES);
    MemoryDevice replacement = new MemoryDevice(SIZE_BYTES);
    try (TestServer server = new TestServer(device);
        NbdClient client = server.connect();
        ExecutorService pool = Executors.newSingleThreadExecutor()) {
      client.write(0, filled(4096, 1, 0), Durability.WRITE_BACK);
      server.export().holdFlushes(DRAIN);
      Future<?> flush = pool.submit(() -> call(client::flush));
      Thread.sleep(100);
      server.export().pause(DRAIN);
      assertThat(server.export().flushChanges()).as("a flush while paused").isFalse();
      server.export().swap(replacement);
      server.export().resume();
      flush.get(20, TimeUnit.SECONDS);
      assertThat(device.flushes).hasValue(0);
      assertThat(replacement.flushes).hasValue(1);
    }
  }

  @Test
  void pauseThatFindsNoEndOfAFlushThrowsAndTheExportRunsOn() throws Exception {
    SlowFlushes device = new SlowFlushes();
    try (TestServer server = new TestServer(device);
        NbdClient client = server.connect();
        ExecutorService pool = Executors.newSingleThreadExecutor()) {
      Future<?> flush = device.flushing(pool, client);
      assertThatThrownBy(() -> server.export().pause(Duration.ofMillis(50)))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("a flush still runs");
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> server.export().pause(DRAIN))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("interrupted");
      assertThat(Thread.interrupted()).isTrue();
      device.release.countDown();
      flush.get(20, TimeUnit.SECONDS);
      client.flush();
    }
  }

  @Test
  void removedExportEndsAFlushThatWaitsForAPause() throws Exception {
    try (TestServer server = new TestServer(new MemoryDevice(SIZE_BYTES));
        NbdClient client = server.connect();
        ExecutorService pool = Executors.newSingleThreadExecutor()) {
      client.read(0, ByteBuffer.allocate(512));
      server.export().pause(DRAIN);
      Future<?> waiting = pool.submit(() -> call(client::flush));
      Thread.sleep(50);
      server.exports().remove(TestServer.EXPORT);
      assertThat(server.export().connections()).isZero();
      assertThatThrownBy(() -> waiting.get(20, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class);
      assertThat(server.export().flushChanges()).as("a flush after the export's end").isFalse();
    }
  }

  /// Its device must not be closed while a request runs, however often its end is asked for.
  @Test
  void exportIsNotGoneBeforeItsRequestsHaveEnded() throws Exception {
    SlowFlushes device = new SlowFlushes();
    try (TestServer server = new TestServer(device);
        NbdClient client = server.connect();
        ExecutorService pool = Executors.newSingleThreadExecutor()) {
      Future<?> flush = device.flushing(pool, client);
      for (int attempt = 0; attempt < 2; attempt++) {
        assertThatThrownBy(() -> server.exports().remove(TestServer.EXPORT, Duration.ofMillis(50)))
            .isInstanceOf(IOException.class);
        assertThat(server.exports().all()).hasSize(1);
      }
      device.release.countDown();
      server.exports().remove(TestServer.EXPORT);
      assertThat(server.exports().all()).isEmpty();
      assertThatThrownBy(() -> flush.get(20, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class);
    }
  }

  /// Its flushes wait until they are released.
  private static final class SlowFlushes extends MemoryDevice {
    private final CountDownLatch entered = new CountDownLatch(1);
    private final CountDownLatch release = new CountDownLatch(1);

    private SlowFlushes() {
      super(SIZE_BYTES);
    }

    @Override
    public void flush() throws IOException {
      entered.countDown();
      awaitQuietly(release);
      super.flush();
    }

    /// A client's flush that has reached the device.
    private Future<?> flushing(ExecutorService pool, NbdClient client) throws Exception {
      Future<?> flush = pool.submit(() -> call(client::flush));
      assertThat(entered.await(20, TimeUnit.SECONDS)).isTrue();
      return flush;
    }
  }

  /// What may fail as a [java.util.concurrent.Callable].
  @FunctionalInterface
  private interface Call {
    void run() throws IOException;
  }

  private static boolean call(Call work) throws IOException {
    work.run();
    return true;
  }

  private static void awaitQuietly(CountDownLatch latch) throws IOException {
    try {
      if (!latch.await(30, TimeUnit.SECONDS)) {
        throw new IOException("never released");
      }
    } catch (InterruptedException interrupted) {
      throw new IOException(interrupted);
    }
  }

  @Test
  void smallerReplacementAndSwapWithoutPauseAreRefused() throws IOException {
    try (TestServer server = new TestServer(new MemoryDevice(SIZE_BYTES))) {
      NbdExport export = server.export();
      assertThatThrownBy(() -> export.swap(new MemoryDevice(SIZE_BYTES)))
          .isInstanceOf(IllegalStateException.class);
      export.pause(DRAIN);
      assertThatThrownBy(() -> export.swap(new MemoryDevice(SIZE_BYTES / 2)))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> export.pause(DRAIN)).isInstanceOf(IllegalStateException.class);
      export.resume();
    }
  }

  @Test
  void removedExportDisconnectsItsClientsEvenWhilePaused() throws Exception {
    MemoryDevice device = new MemoryDevice(SIZE_BYTES);
    try (TestServer server = new TestServer(device);
        NbdClient client = server.connect();
        ExecutorService pool = Executors.newSingleThreadExecutor()) {
      client.read(0, ByteBuffer.allocate(512));
      server.export().pause(DRAIN);
      Future<?> waiting =
          pool.submit(() -> {
            client.read(0, ByteBuffer.allocate(512));
            return null;
          });
      Thread.sleep(50);
      server.exports().remove(TestServer.EXPORT);
      assertThat(server.export().connections()).isZero();
      assertThatThrownBy(() -> waiting.get(20, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class);
      assertThatThrownBy(server::connect).isInstanceOf(IOException.class);
    }
  }
}
