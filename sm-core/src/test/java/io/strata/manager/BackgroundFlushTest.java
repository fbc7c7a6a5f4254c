// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.BlockDevice.Zeroing;
import io.strata.nbd.NbdClient;
import io.strata.nbd.NbdEndpoint;
import io.strata.spi.AccessMode;
import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Flushes for guests that never ask for one.
class BackgroundFlushTest {
  @TempDir Path home;
  private Bench bench;
  private VdiUuid vdi;
  private MemoryStorage.Place place;

  @BeforeEach
  void open() throws StorageException {
    bench = new Bench(home);
    vdi = bench.vdi(bench.sr("a"), "disk");
    place = bench.storage.place("a");
  }

  @AfterEach
  void close() {
    bench.close();
  }

  private NbdClient client() throws IOException {
    return NbdClient.connect(
        new NbdEndpoint.UnixSocket(home.resolve("run").resolve("nbd.sock")), vdi.toString());
  }

  private static void write(NbdClient disk) throws IOException {
    disk.write(0, ByteBuffer.allocate(4096), Durability.WRITE_BACK);
  }

  private int flushesOf(int rounds) {
    int before = place.flushes;
    for (int i = 0; i < rounds; i++) {
      bench.schedule.round();
    }
    return place.flushes - before;
  }

  @Test
  void whatIsWrittenIsFlushedOnceWithoutBeingAsked() throws Exception {
    bench.attach(vdi, AccessMode.RW);
    try (NbdClient disk = client()) {
      assertThat(flushesOf(2)).as("nothing is written").isZero();
      write(disk);
      assertThat(flushesOf(3)).as("one write").isEqualTo(1);
      disk.discard(0, 4096);
      assertThat(flushesOf(2)).as("one trim").isEqualTo(1);
      disk.writeZeroes(0, 4096, Zeroing.MAY_DEALLOCATE, Durability.WRITE_BACK);
      assertThat(flushesOf(2)).as("one write of zeroes").isEqualTo(1);
      disk.read(0, ByteBuffer.allocate(4096));
      assertThat(flushesOf(2)).as("only a read").isZero();
    }
  }

  @Test
  void whatTheGuestFlushedIsNotFlushedAgain() throws Exception {
    bench.attach(vdi, AccessMode.RW);
    try (NbdClient disk = client()) {
      write(disk);
      disk.flush();
      assertThat(flushesOf(2)).isZero();
    }
  }

  @Test
  void failedFlushFailsTheExportAndIsNeverTriedAgain() throws Exception {
    bench.attach(vdi, AccessMode.RW);
    try (NbdClient disk = client()) {
      write(disk);
      place.flushesFail = true;
      assertThat(flushesOf(1)).isEqualTo(1);
      place.flushesFail = false;
      assertThat(flushesOf(3)).as("after the failure").isZero();
      assertThatThrownBy(() -> write(disk)).isInstanceOf(IOException.class);
      assertThatThrownBy(disk::flush).isInstanceOf(IOException.class);
      disk.read(0, ByteBuffer.allocate(4096));
      int before = place.flushes;
      Bench.refused(ErrorCode.IO_ERROR, () -> bench.manager.vdiDetach(vdi, VdiAttach.HOST_DOMAIN));
      assertThat(place.flushes).as("nor by the detach").isEqualTo(before);
    }
    assertThat(bench.manager.attachments()).isEmpty();
  }

  @Test
  void onlyWritableDisksAreFlushedAndOnlyWhileAttached() throws Exception {
    bench.attach(vdi, AccessMode.RO);
    assertThat(bench.schedule.works()).isZero();
    bench.manager.vdiDetach(vdi, VdiAttach.HOST_DOMAIN);
    bench.attach(vdi, AccessMode.RW);
    assertThat(bench.schedule.works()).isEqualTo(1);
    bench.attach(vdi, AccessMode.RW);
    assertThat(bench.schedule.works()).isEqualTo(1);
    bench.manager.vdiDetach(vdi, VdiAttach.HOST_DOMAIN);
    assertThat(bench.schedule.works()).isZero();
  }

  @Test
  void snapshotsPassBetweenBackgroundFlushes() throws Exception {
    bench.attach(vdi, AccessMode.RW);
    try (NbdClient disk = client()) {
      for (int i = 0; i < 5; i++) {
        write(disk);
        bench.manager.vdiSnapshot(VdiSnapshot.of(vdi));
        write(disk);
        assertThat(flushesOf(2)).as("the new leaf").isEqualTo(1);
      }
    }
  }

  @Test
  void attachedDiskIsFlushedAfterARestart() throws Exception {
    bench.attach(vdi, AccessMode.RW);
    bench.restart();
    assertThat(bench.schedule.works()).isEqualTo(1);
    try (NbdClient disk = client()) {
      write(disk);
      assertThat(flushesOf(2)).isEqualTo(1);
    }
  }

  @Test
  void systemScheduleComesRoundUntilItIsEnded() throws Exception {
    BlockingQueue<Integer> rounds = new ArrayBlockingQueue<>(1);
    Schedule.Round round =
        Schedule.SYSTEM.every(Duration.ofMillis(1), "test", () -> rounds.offer(1));
    for (int i = 0; i < 3; i++) {
      assertThat(rounds.poll(30, TimeUnit.SECONDS)).isEqualTo(1);
    }
    round.close();
  }
}
