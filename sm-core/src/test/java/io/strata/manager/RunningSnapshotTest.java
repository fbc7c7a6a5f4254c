// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.BlockDevice;
import io.strata.nbd.NbdClient;
import io.strata.nbd.NbdEndpoint;
import io.strata.spi.AccessMode;
import io.strata.spi.ErrorCode;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Snapshots and resizes under a client that writes over NBD.
class RunningSnapshotTest {
  private static final int SLOTS = 256;

  @TempDir Path home;
  private Bench bench;
  private VdiUuid vdi;

  @BeforeEach
  void open() throws StorageException {
    bench = new Bench(home);
    SrUuid sr = bench.sr("a");
    vdi = bench.vdi(sr, "disk");
    bench.attach(vdi, AccessMode.RW);
    bench.manager.vdiActivate(vdi, VdiAttach.HOST_DOMAIN);
  }

  @AfterEach
  void close() {
    bench.close();
  }

  private NbdClient client(VdiUuid disk) throws IOException {
    return NbdClient.connect(
        new NbdEndpoint.UnixSocket(home.resolve("run").resolve("nbd.sock")), disk.toString());
  }

  /// Writes 1, 2, 3... to slot after slot, each write after the one before was answered.
  private static void count(BlockDevice disk, AtomicLong answered, long until) throws IOException {
    ByteBuffer number = ByteBuffer.allocate(Long.BYTES);
    for (long n = answered.get() + 1; n <= until; n++) {
      disk.write(n % SLOTS * 4096, number.clear().putLong(n).flip());
      answered.set(n);
    }
  }

  private static long highest(BlockDevice disk) throws IOException {
    long highest = 0;
    List<Long> seen = new ArrayList<>();
    for (int slot = 0; slot < SLOTS; slot++) {
      ByteBuffer number = ByteBuffer.allocate(Long.BYTES);
      disk.read(slot * 4096L, number);
      seen.add(number.getLong(0));
      highest = Math.max(highest, number.getLong(0));
    }
    for (long n = Math.max(1, highest - SLOTS + 1); n <= highest; n++) {
      assertThat(seen.get((int) (n % SLOTS))).as("slot of write %s of %s", n, highest).isEqualTo(n);
    }
    return highest;
  }

  @Test
  void snapshotHoldsExactlyThePrefixOfWritesAtItsMoment() throws Exception {
    AtomicLong answered = new AtomicLong();
    AtomicReference<Throwable> failure = new AtomicReference<>();
    CountDownLatch started = new CountDownLatch(1);
    long total = 4000;
    Thread guest =
        Thread.ofPlatform()
            .start(() -> {
              try (NbdClient disk = client(vdi)) {
                started.countDown();
                count(disk, answered, total);
                disk.flush();
              } catch (IOException | RuntimeException e) {
                failure.set(e);
              }
            });
    assertThat(started.await(10, TimeUnit.SECONDS)).isTrue();
    List<VdiUuid> snapshots = new ArrayList<>();
    List<Long> lowest = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      lowest.add(answered.get());
      snapshots.add(bench.manager.vdiSnapshot(VdiSnapshot.of(vdi)));
    }
    guest.join(TimeUnit.SECONDS.toMillis(60));
    assertThat(guest.isAlive()).isFalse();
    assertThat(failure.get()).isNull();
    long before = 0;
    for (int i = 0; i < snapshots.size(); i++) {
      bench.attach(snapshots.get(i), AccessMode.RO);
      try (NbdClient disk = client(snapshots.get(i))) {
        long highest = highest(disk);
        assertThat(highest).isGreaterThanOrEqualTo(Math.max(before, lowest.get(i)));
        before = highest;
      }
    }
    try (NbdClient disk = client(vdi)) {
      assertThat(highest(disk)).isEqualTo(total);
    }
  }

  @Test
  void failedSnapshotLeavesTheGuestRunning() throws Exception {
    try (NbdClient disk = client(vdi)) {
      AtomicLong answered = new AtomicLong();
      count(disk, answered, 100);
      bench.faults.fail("commit");
      Bench.refused(ErrorCode.IO_ERROR, () -> bench.manager.vdiSnapshot(VdiSnapshot.of(vdi)));
      bench.faults.heal();
      count(disk, answered, 200);
      assertThat(highest(disk)).isEqualTo(200);
      bench.manager.vdiSnapshot(VdiSnapshot.of(vdi));
      count(disk, answered, 300);
      assertThat(highest(disk)).isEqualTo(300);
    }
    assertThat(bench.manager.intents()).isEmpty();
  }

  @Test
  void runningDiskGrowsUnderItsGuest() throws Exception {
    try (NbdClient disk = client(vdi)) {
      AtomicLong answered = new AtomicLong();
      count(disk, answered, 100);
      bench.manager.vdiResize(vdi, 8 * Bench.MIB);
      count(disk, answered, 200);
      assertThat(highest(disk)).isEqualTo(200);
    }
    try (NbdClient again = client(vdi)) {
      assertThat(again.sizeBytes()).isEqualTo(8 * Bench.MIB);
    }
  }

  @Test
  void guestFindsItsDataAfterTheDaemonsDeath() throws Exception {
    try (NbdClient disk = client(vdi)) {
      count(disk, new AtomicLong(), 100);
      disk.flush();
    }
    bench.restart();
    try (NbdClient disk = client(vdi)) {
      assertThat(highest(disk)).isEqualTo(100);
    }
  }
}
