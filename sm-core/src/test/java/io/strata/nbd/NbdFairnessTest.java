// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What the exports of one server leave each other while all ask for as much as they can. Progress
/// is compared with others' progress, never with a clock.
@Timeout(240)
final class NbdFairnessTest {
  private static final int SIZE_BYTES = 1 << 20;
  private static final int READ_BYTES = 4096;
  private static final String BUSY = "busy";
  private static final int BUSY_CLIENTS = 8;

  /// How far one client may be ahead of another, as a multiple.
  private static final int MOST_AHEAD = 2;

  private static final int REQUESTS = 5_000;
  private static final int ROUNDS = 500;
  private static final long PATIENCE_SECONDS = 120;

  private final ExecutorService pool = Executors.newCachedThreadPool();
  private final StallingDevice busyDevice = new StallingDevice();
  private final NbdExport busy = new NbdExport(BUSY, "", busyDevice);
  private TestServer server;
  private volatile boolean over;

  @BeforeEach
  void start() throws IOException {
    server = new TestServer(new MemoryDevice(SIZE_BYTES));
    server.exports().add(busy);
  }

  @AfterEach
  void stop() throws Exception {
    busyDevice.goOn.countDown();
    server.close();
    pool.shutdown();
    assertThat(pool.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
  }

  /// A device that answers at once until it is told to stall.
  private static final class StallingDevice extends MemoryDevice {
    private volatile boolean stalls;
    private final CountDownLatch goOn = new CountDownLatch(1);

    StallingDevice() {
      super(SIZE_BYTES);
    }

    // Not synchronized: all clients stall here together.
    @Override
    @SuppressWarnings("UnsynchronizedOverridesSynchronized")
    public void read(long offsetBytes, ByteBuffer target) throws IOException {
      reads.incrementAndGet();
      if (stalls) {
        awaitGoOn();
      }
      target.put(new byte[target.remaining()]);
    }

    private void awaitGoOn() throws IOException {
      try {
        goOn.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
    }
  }

  @Test
  void anExportWhoseStorageHangsHoldsUpNoOther() throws Exception {
    busyDevice.stalls = true;
    List<Future<?>> stalled = loadBusyExport();
    while (busyDevice.reads.get() < BUSY_CLIENTS) {
      Thread.onSpinWait();
    }
    try (NbdClient client = server.connect()) {
      readMany(client, REQUESTS);
    }
    assertThat(busyDevice.reads).hasValue(BUSY_CLIENTS);
    assertThat(stalled).noneMatch(Future::isDone);
    over = true;
    busyDevice.goOn.countDown();
    for (Future<?> future : stalled) {
      future.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
  }

  @Test
  void aClientBesideABusyExportGetsAsMuchAsOneOfItsClients() throws Exception {
    List<Future<?>> load = loadBusyExport();
    while (busyDevice.reads.get() < REQUESTS) {
      Thread.onSpinWait();
    }
    int before = busyDevice.reads.get();
    try (NbdClient client = server.connect()) {
      readMany(client, REQUESTS);
    }
    int busyReads = busyDevice.reads.get() - before;
    over = true;
    for (Future<?> future : load) {
      future.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
    assertThat(busyReads / BUSY_CLIENTS)
        .as("reads of each of %d clients, while one elsewhere made %d", BUSY_CLIENTS, REQUESTS)
        .isLessThan(MOST_AHEAD * REQUESTS);
  }

  /// A device that answers nobody before all of the others have a request too: what shares a lock,
  /// a queue or a pool with another export never ends, and who ends has had as much as each other.
  private static final class RoundDevice extends MemoryDevice {
    private final CyclicBarrier round;

    RoundDevice(CyclicBarrier round) {
      super(SIZE_BYTES);
      this.round = round;
    }

    // Not synchronized: connections of one export wait here together.
    @Override
    @SuppressWarnings("UnsynchronizedOverridesSynchronized")
    public void read(long offsetBytes, ByteBuffer target) throws IOException {
      try {
        round.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
      } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
        throw new IOException("the others have no request", e);
      }
      reads.incrementAndGet();
      target.put(new byte[target.remaining()]);
    }
  }

  @Test
  void exportsAnswerAlikeWhereTheStorageDoes() throws Exception {
    int exports = 16;
    int busyConnections = 4;
    CyclicBarrier round = new CyclicBarrier(exports - 1 + busyConnections);
    List<RoundDevice> devices = new ArrayList<>();
    List<Future<?>> clients = new ArrayList<>();
    for (int i = 0; i < exports; i++) {
      RoundDevice device = new RoundDevice(round);
      devices.add(device);
      String name = "round" + i;
      server.exports().add(new NbdExport(name, "", device));
      for (int c = 0; c < (i == 0 ? busyConnections : 1); c++) {
        clients.add(
            pool.submit(() -> {
              try (NbdClient client = connect(name)) {
                readMany(client, ROUNDS);
              }
              return null;
            }));
      }
    }
    for (Future<?> client : clients) {
      client.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
    assertThat(devices.getFirst().reads).hasValue(busyConnections * ROUNDS);
    assertThat(devices.subList(1, exports))
        .allSatisfy(device -> assertThat(device.reads).hasValue(ROUNDS));
  }

  private List<Future<?>> loadBusyExport() {
    List<Future<?>> load = new ArrayList<>();
    for (int i = 0; i < BUSY_CLIENTS; i++) {
      load.add(
          pool.submit(() -> {
            try (NbdClient client = connect(BUSY)) {
              while (!over) {
                client.read(0, ByteBuffer.allocate(READ_BYTES));
              }
            }
            return null;
          }));
    }
    return load;
  }

  private NbdClient connect(String name) throws IOException {
    return NbdClient.connect(server.endpoint(), name, Duration.ofSeconds(PATIENCE_SECONDS));
  }

  private static void readMany(NbdClient client, int requests) throws IOException {
    for (int i = 0; i < requests; i++) {
      client.read(0, ByteBuffer.allocate(READ_BYTES));
    }
  }
}
