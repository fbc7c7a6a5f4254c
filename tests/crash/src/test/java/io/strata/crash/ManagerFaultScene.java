// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.block.BlockDevice.Durability;
import io.strata.block.sim.FaultPlan;
import io.strata.manager.ImageFormat;
import io.strata.manager.ProgressListener;
import io.strata.manager.StorageManager;
import io.strata.manager.VdiClone;
import io.strata.manager.VdiCopy;
import io.strata.manager.VdiCreate;
import io.strata.manager.VdiImport;
import io.strata.manager.VdiSnapshot;
import io.strata.nbd.NbdClient;
import io.strata.spi.AccessMode;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.VolumeFinding;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// A daemon on failing storage with a disk, a snapshot of it, and a running disk with a history;
/// and what each of its operations may do to them.
final class ManagerFaultScene implements AutoCloseable {
  private static final long MIB = 1L << 20;
  private static final int BYTES = 8192;

  private final FaultyDaemon daemon;
  private final SrUuid sr;
  private final VdiUuid disk;
  private final VdiUuid snapshot;
  private final VdiUuid running;
  private final NbdClient guest;

  /// An operation of the manager, or what a guest does.
  enum Story {
    CREATE {
      @Override
      void run(ManagerFaultScene s) throws StorageException {
        s.manager().vdiCreate(VdiCreate.of(s.sr, "new", 4 * MIB));
      }
    },
    CLONE {
      @Override
      void run(ManagerFaultScene s) throws StorageException {
        s.manager().vdiClone(VdiClone.of(s.snapshot));
      }
    },
    SNAPSHOT {
      @Override
      void run(ManagerFaultScene s) throws StorageException {
        s.manager().vdiSnapshot(VdiSnapshot.of(s.disk));
      }
    },
    SNAPSHOT_OF_A_RUNNING_DISK {
      @Override
      void run(ManagerFaultScene s) throws StorageException {
        s.manager().vdiSnapshot(VdiSnapshot.of(s.running));
      }
    },
    REVERT {
      @Override
      void run(ManagerFaultScene s) throws StorageException {
        s.manager().vdiRevert(s.snapshot);
      }

      @Override
      Set<Integer> disk() {
        return Set.of(1, 2);
      }
    },
    RESIZE {
      @Override
      void run(ManagerFaultScene s) throws StorageException {
        s.manager().vdiResize(s.disk, 8 * MIB);
      }
    },
    DESTROY {
      @Override
      void run(ManagerFaultScene s) throws StorageException {
        s.manager().vdiDestroy(s.disk);
      }
    },
    IMPORT {
      @Override
      void run(ManagerFaultScene s) throws StorageException {
        s.manager()
            .vdiImport(
                new VdiImport(
                    Optional.empty(),
                    Optional.of(VdiCreate.of(s.sr, "imported", 4 * MIB)),
                    ImageFormat.RAW,
                    new ByteArrayInputStream(bytes(9).array()),
                    ProgressListener.NONE));
      }
    },
    COPY {
      @Override
      void run(ManagerFaultScene s) throws StorageException {
        s.manager()
            .vdiCopy(
                new VdiCopy(
                    s.snapshot,
                    Optional.of(s.sr),
                    Optional.empty(),
                    Optional.empty(),
                    ProgressListener.NONE));
      }
    },
    COLLECT {
      @Override
      void run(ManagerFaultScene s) throws StorageException {
        s.manager().srGc(s.sr);
      }
    },
    SCAN {
      @Override
      void run(ManagerFaultScene s) throws StorageException {
        s.manager().srScan(s.sr);
      }
    },
    ATTACH_AND_DETACH {
      @Override
      void run(ManagerFaultScene s) throws IOException, StorageException {
        try (NbdClient client = s.daemon.attach(s.disk, AccessMode.RW)) {
          client.write(0, bytes(2));
          client.flush();
        }
        s.daemon.detach(s.disk);
      }
    },
    GUEST {
      @Override
      void run(ManagerFaultScene s) throws IOException {
        s.guest.write(0, bytes(4), Durability.FUA);
        s.guest.discard(0, 4096);
        s.guest.write(0, bytes(5));
        s.guest.write(4 * MIB, bytes(5));
        s.guest.flush();
      }

      @Override
      Set<Integer> running() {
        return Set.of(3, 4, 5, 0);
      }
    };

    abstract void run(ManagerFaultScene scene) throws IOException, StorageException;

    /// What the disk may begin with afterwards.
    Set<Integer> disk() {
      return Set.of(2);
    }

    /// What the running disk may begin with afterwards.
    Set<Integer> running() {
      return Set.of(3);
    }
  }

  ManagerFaultScene(Path home) throws IOException, StorageException {
    daemon = new FaultyDaemon(home);
    sr = daemon.createSr();
    disk = manager().vdiCreate(VdiCreate.of(sr, "disk", 4 * MIB));
    write(1);
    snapshot = manager().vdiSnapshot(VdiSnapshot.of(disk));
    write(2);
    running = manager().vdiCreate(VdiCreate.of(sr, "running", 8 * MIB));
    guest = daemon.attach(running, AccessMode.RW);
    guest.write(0, bytes(3));
    guest.write(2 * MIB, bytes(3));
    guest.flush();
    VdiUuid gone = manager().vdiSnapshot(VdiSnapshot.of(running));
    guest.write(0, bytes(3));
    guest.flush();
    manager().vdiDestroy(gone);
  }

  private StorageManager manager() {
    return daemon.manager();
  }

  FaultPlan plan() {
    return daemon.plan();
  }

  private static ByteBuffer bytes(int value) {
    byte[] bytes = new byte[BYTES];
    Arrays.fill(bytes, (byte) value);
    return ByteBuffer.wrap(bytes);
  }

  private void write(int value) throws IOException, StorageException {
    try (NbdClient client = daemon.attach(disk, AccessMode.RW)) {
      client.write(0, bytes(value));
      client.flush();
    }
    daemon.detach(disk);
  }

  /// The storage is sound again, and the daemon starts anew.
  void restart() throws StorageException {
    daemon.restart();
    daemon.awaitSettled();
  }

  /// Nothing is half done, the SR is plugged, and every disk holds what the story allows.
  void assertWhole(Story story) throws IOException, StorageException {
    assertThat(manager().intents()).as("intents").isEmpty();
    assertThat(manager().pbds()).allMatch(pbd -> pbd.currentlyAttached());
    var report = manager().srScan(sr);
    assertThat(report.added()).as("unknown volumes").isEmpty();
    assertThat(report.missing()).as("missing volumes").isEmpty();
    // A write of a footer that failed leaves the other copy in force: the checker warns of that.
    assertThat(manager().srCheck(sr, true, (done, total) -> {}).findings())
        .noneMatch(finding -> finding.severity() == VolumeFinding.Severity.ERROR);
    List<VdiUuid> known = manager().vdis(sr).stream().map(vdi -> vdi.uuid()).toList();
    assertHolds(snapshot, AccessMode.RO, Set.of(1));
    assertHolds(running, AccessMode.RW, story.running());
    if (known.contains(disk) || story != Story.DESTROY) {
      assertHolds(disk, AccessMode.RO, story.disk());
    }
    for (var attachment : manager().attachments()) {
      assertThat(attachment.lastError()).isEmpty();
    }
  }

  private void assertHolds(VdiUuid vdi, AccessMode mode, Set<Integer> values)
      throws IOException, StorageException {
    ByteBuffer found = ByteBuffer.allocate(BYTES);
    boolean attached = manager().attachments().stream().anyMatch(a -> a.vdi().equals(vdi));
    try (NbdClient client = daemon.attach(vdi, attached ? AccessMode.RW : mode)) {
      client.read(0, found);
    }
    if (!attached) {
      daemon.detach(vdi);
    }
    for (byte value : found.array()) {
      assertThat(values).contains((int) value);
    }
  }

  @Override
  public void close() throws IOException {
    try (guest) {
      daemon.close();
    }
  }
}
