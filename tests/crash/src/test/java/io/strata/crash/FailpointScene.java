// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.strata.driver.local.FileDriver;
import io.strata.manager.Failpoints;
import io.strata.manager.ImageFormat;
import io.strata.manager.ManagerConfig;
import io.strata.manager.ProgressListener;
import io.strata.manager.SrCreate;
import io.strata.manager.StorageManager;
import io.strata.manager.VdiAttach;
import io.strata.manager.VdiClone;
import io.strata.manager.VdiCopy;
import io.strata.manager.VdiCreate;
import io.strata.manager.VdiImport;
import io.strata.manager.VdiSnapshot;
import io.strata.nbd.NbdClient;
import io.strata.spi.AccessMode;
import io.strata.spi.DeviceConfig;
import io.strata.spi.PbdUuid;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A manager on real files, with something of everything, and every verb that has failpoints.
final class FailpointScene implements AutoCloseable {
  private static final long MIB = 1L << 20;
  private static final int BLOCKS = 20;
  private static final long BLOCK_BYTES = 2 * MIB;

  private final Path root;
  private final Failpoints failpoints;
  private StorageManager manager;
  private final SrUuid sr;
  private final SrUuid empty;
  private final SrUuid unplugged;
  private final VdiUuid disk;
  private final VdiUuid snapshot;
  private final VdiUuid running;
  private final VdiUuid deep;

  /// Snapshots of a disk whose changes are tracked.
  private final List<VdiUuid> tracked = new ArrayList<>();

  /// @param root an empty folder for everything
  FailpointScene(Path root, Failpoints failpoints) throws IOException, StorageException {
    this.root = root;
    this.failpoints = failpoints;
    manager = open();
    sr = createSr("a");
    empty = createSr("b");
    unplugged = createSr("c");
    manager.pbdUnplug(pbd(unplugged));
    disk = create("disk", 4 * MIB);
    write(disk, 1);
    snapshot = manager.vdiSnapshot(VdiSnapshot.of(disk));
    running = create("running", 4 * MIB);
    write(running, 2);
    attach(running);
    deep = create("deep", BLOCKS * BLOCK_BYTES);
    deepen();
    track();
  }

  private StorageManager open() throws StorageException {
    return StorageManager.open(
        new ManagerConfig(
            root.resolve("home"),
            List.of(new FileDriver()),
            Clock.systemUTC(),
            "failpoints",
            Duration.ofSeconds(20),
            Duration.ofSeconds(20),
            failpoints,
            false,
            Duration.ofSeconds(5),
            (interval, name, work) -> () -> {}));
  }

  private SrUuid createSr(String name) throws IOException, StorageException {
    Path folder = Files.createDirectories(root.resolve(name));
    return manager.srCreate(
        SrCreate.of("file", name, new DeviceConfig(Map.of("location", folder.toString()))));
  }

  private PbdUuid pbd(SrUuid of) throws StorageException {
    return manager.pbds().stream()
        .filter(pbd -> pbd.sr().equals(of))
        .findFirst()
        .orElseThrow()
        .uuid();
  }

  private VdiUuid create(String name, long sizeBytes) throws StorageException {
    return manager.vdiCreate(VdiCreate.of(sr, name, sizeBytes));
  }

  private NbdClient attach(VdiUuid vdi) throws IOException, StorageException {
    return FaultyDaemon.connect(manager.vdiAttach(VdiAttach.of(vdi, AccessMode.RW)));
  }

  /// A sector in the first block, through an attachment of its own.
  private void write(VdiUuid vdi, int value) throws IOException, StorageException {
    try (NbdClient client = attach(vdi)) {
      client.write(0, sector(value));
      client.flush();
    }
    manager.vdiDetach(vdi, VdiAttach.HOST_DOMAIN);
  }

  private static ByteBuffer sector(int value) {
    byte[] bytes = new byte[SectorModel.SECTOR_BYTES];
    Arrays.fill(bytes, (byte) value);
    return ByteBuffer.wrap(bytes);
  }

  /// A running disk over a chain that nobody needs.
  private void deepen() throws IOException, StorageException {
    List<VdiUuid> snapshots = new ArrayList<>();
    try (NbdClient client = attach(deep)) {
      for (int round = 0; round < 3; round++) {
        for (int block = 0; block < BLOCKS; block++) {
          client.write(block * BLOCK_BYTES + round * 512L, sector(3));
        }
        client.flush();
        snapshots.add(manager.vdiSnapshot(VdiSnapshot.of(deep)));
      }
    }
    for (VdiUuid gone : snapshots) {
      manager.vdiDestroy(gone);
    }
  }

  private void track() throws IOException, StorageException {
    VdiUuid vdi = create("tracked", 4 * MIB);
    manager.vdiEnableCbt(vdi);
    for (int i = 0; i < 3; i++) {
      write(vdi, 4 + i);
      tracked.add(manager.vdiSnapshot(VdiSnapshot.of(vdi)));
    }
  }

  /// Runs a verb that passes failpoints.
  void run(String verb) throws StorageException {
    switch (verb) {
      case "sr-create" -> createThirdSr();
      case "sr-destroy" -> manager.srDestroy(empty);
      case "pbd-plug" -> manager.pbdPlug(pbd(unplugged));
      case "pbd-unplug" -> manager.pbdUnplug(pbd(empty));
      case "vdi-create" -> create("new", 4 * MIB);
      case "vdi-clone" -> manager.vdiClone(VdiClone.of(snapshot));
      case "vdi-snapshot" -> manager.vdiSnapshot(VdiSnapshot.of(running));
      case "vdi-revert" -> manager.vdiRevert(snapshot);
      case "vdi-resize" -> manager.vdiResize(disk, 8 * MIB);
      case "vdi-destroy" -> manager.vdiDestroy(disk);
      case "vdi-import" ->
          importInto(Optional.empty(), Optional.of(VdiCreate.of(sr, "imported", 4 * MIB)));
      case "vdi-overwrite" -> importInto(Optional.of(disk), Optional.empty());
      case "vdi-copy" ->
          manager.vdiCopy(
              new VdiCopy(
                  snapshot,
                  Optional.of(sr),
                  Optional.empty(),
                  Optional.empty(),
                  ProgressListener.NONE));
      case "vdi-coalesce", "vdi-freeze", "vdi-absorb" -> manager.srGc(sr);
      case "vdi-attach" -> manager.vdiAttach(VdiAttach.of(disk, AccessMode.RW));
      case "vdi-detach" -> manager.vdiDetach(running, VdiAttach.HOST_DOMAIN);
      case "vdi-data-destroy" -> manager.vdiDataDestroy(tracked.get(1));
      default -> throw new AssertionError("no scene for the failpoints of " + verb);
    }
  }

  private void createThirdSr() throws StorageException {
    try {
      createSr("d");
    } catch (IOException failed) {
      throw new AssertionError(failed);
    }
  }

  private void importInto(Optional<VdiUuid> into, Optional<VdiCreate> create)
      throws StorageException {
    manager.vdiImport(
        new VdiImport(
            into,
            create,
            ImageFormat.RAW,
            new ByteArrayInputStream(sector(9).array()),
            ProgressListener.NONE));
  }

  /// Ends the manager, puts other files in the place of its own, and starts it anew.
  ///
  /// @param files what a death left
  void restartOn(Path files) throws IOException, StorageException {
    manager.close();
    Trees.remove(root);
    Files.move(files, root);
    manager = open();
  }

  /// Nothing is half done, and everything holds what it must.
  ///
  /// @param verb what was going on
  void assertWhole(String verb) throws IOException, StorageException {
    FaultyDaemon.awaitSettled(manager);
    assertThat(manager.intents()).isEmpty();
    for (var pbd : manager.pbds()) {
      assertThat(pbd.lastError()).isEmpty();
      if (pbd.currentlyAttached()) {
        var report = manager.srScan(pbd.sr());
        assertThat(report.added()).isEmpty();
        assertThat(report.missing()).isEmpty();
        assertThat(manager.srCheck(pbd.sr(), true, (done, total) -> {}).findings()).isEmpty();
      }
    }
    for (var attachment : manager.attachments()) {
      assertThat(attachment.lastError()).isEmpty();
    }
    for (var vdi : manager.vdis(sr)) {
      assertThat(vdi.missing()).isFalse();
    }
    if (verb.equals("vdi-data-destroy")) {
      assertThat(root.resolve("a").resolve(tracked.get(1) + ".vhd")).doesNotExist();
    }
    assertHolds(snapshot, 1);
    assertHolds(running, 2);
    if (!verb.equals("vdi-overwrite") && !verb.equals("vdi-destroy")) {
      assertHolds(disk, 1);
    }
    try (NbdClient client = attach(deep)) {
      for (int block = 0; block < BLOCKS; block++) {
        for (int round = 0; round < 3; round++) {
          assertSector(client, block * BLOCK_BYTES + round * 512L, 3);
        }
      }
    }
  }

  private void assertHolds(VdiUuid vdi, int value) throws IOException, StorageException {
    boolean attached = manager.attachments().stream().anyMatch(a -> a.vdi().equals(vdi));
    AccessMode mode = attached ? AccessMode.RW : AccessMode.RO;
    try (NbdClient client = FaultyDaemon.connect(manager.vdiAttach(VdiAttach.of(vdi, mode)))) {
      assertSector(client, 0, value);
    }
    if (!attached) {
      manager.vdiDetach(vdi, VdiAttach.HOST_DOMAIN);
    }
  }

  private static void assertSector(NbdClient client, long offsetBytes, int value)
      throws IOException {
    ByteBuffer found = ByteBuffer.allocate(SectorModel.SECTOR_BYTES);
    client.read(offsetBytes, found);
    assertThat(found.array()).isEqualTo(sector(value).array());
  }

  @Override
  public void close() {
    manager.close();
  }
}
