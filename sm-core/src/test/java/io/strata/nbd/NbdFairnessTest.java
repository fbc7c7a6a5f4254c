// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
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
  private static final int MOST_AHEAD = 4;

  private static final int REQUESTS = 5_000;
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
      readMany(client);
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
      readMany(client);
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

  private List<Future<?>> loadBusyExport() {
    List<Future<?>> load = new ArrayList<>();
    for (int i = 0; i < BUSY_CLIENTS; i++) {
      load.add(
          pool.submit(() -> {
            try (NbdClient client = connectBusy()) {
              while (!over) {
                client.read(0, ByteBuffer.allocate(READ_BYTES));
              }
            }
            return null;
          }));
    }
    return load;
  }

  private NbdClient connectBusy() throws IOException {
    return NbdClient.connect(server.endpoint(), BUSY, Duration.ofSeconds(PATIENCE_SECONDS));
  }

  private static void readMany(NbdClient client) throws IOException {
    for (int i = 0; i < REQUESTS; i++) {
      client.read(0, ByteBuffer.allocate(READ_BYTES));
    }
  }
}
