// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.sim.Fault;
import io.strata.block.sim.FaultRule;
import io.strata.block.sim.IoKind;
import io.strata.manager.VdiAttach;
import io.strata.manager.VdiClone;
import io.strata.manager.VdiCreate;
import io.strata.manager.VdiSnapshot;
import io.strata.nbd.NbdClient;
import io.strata.spi.AccessMode;
import io.strata.spi.ErrorCode;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// An fdatasync that fails under a guest, through the whole daemon.
///
/// The kernel may have dropped the pages and report success to the next one: nobody may ask again.
final class FailedFlushTest {
  private static final long SIZE_BYTES = 8L << 20;
  private static final int BYTES = 64 << 10;

  @TempDir(factory = MemoryFolder.class)
  private Path home;

  private FaultyDaemon daemon;
  private SrUuid sr;
  private VdiUuid disk;

  /// How a failed disk comes back.
  enum Return {
    DETACH_AND_ATTACH {
      @Override
      void take(FaultyDaemon daemon, VdiUuid vdi) throws StorageException {
        assertThatThrownBy(() -> daemon.detach(vdi))
            .isInstanceOfSatisfying(
                StorageException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.IO_ERROR));
        assertThat(daemon.manager().attachments()).isEmpty();
      }
    },
    RESTART {
      @Override
      void take(FaultyDaemon daemon, VdiUuid vdi) throws StorageException {
        daemon.restart();
      }
    };

    abstract void take(FaultyDaemon daemon, VdiUuid vdi) throws StorageException;
  }

  @BeforeEach
  void createDisk() throws StorageException {
    daemon = new FaultyDaemon(home);
    sr = daemon.createSr("sr");
    disk = daemon.manager().vdiCreate(VdiCreate.of(sr, "disk", SIZE_BYTES));
  }

  @AfterEach
  void close() {
    daemon.close();
  }

  private static ByteBuffer bytes(int value) {
    byte[] bytes = new byte[BYTES];
    Arrays.fill(bytes, (byte) value);
    return ByteBuffer.wrap(bytes);
  }

  /// The value of all bytes there.
  private static int value(NbdClient client, long offsetBytes) throws IOException {
    ByteBuffer found = ByteBuffer.allocate(BYTES);
    client.read(offsetBytes, found);
    byte[] all = found.array();
    for (byte one : all) {
      assertThat(one).as("torn at %d", offsetBytes).isEqualTo(all[0]);
    }
    return all[0];
  }

  private void failFlush(long nth) {
    daemon.plan().follow(List.of(FaultRule.once(IoKind.FLUSH, Fault.EIO, nth)));
  }

  private static void assertFailed(NbdClient client) {
    assertThatThrownBy(client::flush).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> client.write(0, bytes(9), Durability.WRITE_BACK))
        .isInstanceOf(IOException.class);
    assertThatThrownBy(() -> client.write(0, bytes(9), Durability.FUA))
        .isInstanceOf(IOException.class);
    assertThatThrownBy(() -> client.discard(0, BYTES)).isInstanceOf(IOException.class);
    assertThatThrownBy(client::flush).isInstanceOf(IOException.class);
  }

  @ParameterizedTest
  @EnumSource(Return.class)
  void failedFlushFailsTheDiskUntilItIsOpenedAgain(Return way) throws Exception {
    try (NbdClient client = daemon.attach(disk, AccessMode.RW);
        NbdClient other =
            FaultyDaemon.connect(daemon.manager().vdiAttach(VdiAttach.of(disk, AccessMode.RW)))) {
      client.write(0, bytes(1));
      client.write(4 << 20, bytes(1));
      client.flush();
      client.write(0, bytes(2));
      client.write(2 << 20, bytes(2));
      failFlush(1);
      assertThatThrownBy(client::flush).isInstanceOf(IOException.class);
      long flushes = daemon.plan().count(IoKind.FLUSH);
      assertFailed(client);
      assertFailed(other);
      assertThat(daemon.plan().count(IoKind.FLUSH)).as("flushes tried again").isEqualTo(flushes);
    }
    way.take(daemon, disk);
    try (NbdClient client = daemon.attach(disk, AccessMode.RW)) {
      assertThat(value(client, 0)).isIn(1, 2);
      assertThat(value(client, 2 << 20)).isIn(0, 2);
      assertThat(value(client, 4 << 20)).isEqualTo(1);
      client.write(0, bytes(3));
      client.flush();
      assertThat(value(client, 0)).isEqualTo(3);
    }
    daemon.restart();
    assertWhole();
  }

  /// The commit of new blocks has several barriers: each may be the one that fails.
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void eachBarrierOfACommitFailsTheDisk(int nth) throws Exception {
    VdiUuid snapshot = daemon.manager().vdiSnapshot(VdiSnapshot.of(disk));
    VdiUuid clone = daemon.manager().vdiClone(VdiClone.of(snapshot));
    boolean failed = false;
    try (NbdClient client = daemon.attach(clone, AccessMode.RW)) {
      client.write(0, bytes(1));
      client.flush();
      client.write(2 << 20, bytes(2));
      failFlush(nth);
      try {
        client.flush();
      } catch (IOException expected) {
        failed = true;
        assertFailed(client);
      }
      // A commit with fewer barriers than that did not fail.
      assertThat(failed).isEqualTo(daemon.plan().hits() == 1);
    }
    daemon.restart();
    try (NbdClient client = daemon.attach(clone, AccessMode.RW)) {
      assertThat(value(client, 0)).isEqualTo(1);
      assertThat(value(client, 2 << 20)).isIn(failed ? new Integer[] {0, 2} : new Integer[] {2});
    }
    assertWhole();
  }

  @Test
  void forcedWriteThatFailsFailsTheDiskToo() throws Exception {
    try (NbdClient client = daemon.attach(disk, AccessMode.RW)) {
      client.write(0, bytes(1));
      client.flush();
      failFlush(1);
      assertThatThrownBy(() -> client.write(2 << 20, bytes(2), Durability.FUA))
          .isInstanceOf(IOException.class);
      assertFailed(client);
    }
    daemon.restart();
    try (NbdClient client = daemon.attach(disk, AccessMode.RW)) {
      assertThat(value(client, 0)).isEqualTo(1);
      assertThat(value(client, 2 << 20)).isIn(0, 2);
    }
  }

  private void assertWhole() throws StorageException {
    assertThat(daemon.manager().intents()).isEmpty();
    assertThat(daemon.manager().srCheck(sr, true, (done, total) -> {}).findings()).isEmpty();
  }
}
