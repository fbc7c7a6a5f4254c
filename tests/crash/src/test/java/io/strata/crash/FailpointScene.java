// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.catalog.VdiRecord;
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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// A manager on real files, with something of everything, and every verb that has failpoints.
final class FailpointScene implements AutoCloseable {
  private static final long MIB = 1L << 20;
  static final long SIZE_BYTES = 4 * MIB;
  static final long GROWN_BYTES = 8 * MIB;

  /// What the first sector of each disk holds; the rest is zero.
  static final int SNAPSHOT_VALUE = 1;

  static final int RUNNING_VALUE = 2;
  static final int DISK_VALUE = 8;
  static final int IMPORTED_VALUE = 9;

  private static final int DEEP_VALUE = 3;
  private static final int BLOCKS = 20;
  private static final long BLOCK_BYTES = 2 * MIB;
  private static final int ROUNDS = 3;
  private static final long GRANULE_BYTES = 64 << 10;
  private static final int READ_BYTES = 4 << 20;

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

  private final Set<VdiUuid> before = new HashSet<>();

  /// @param root an empty folder for everything
  FailpointScene(Path root, Failpoints failpoints) throws IOException, StorageException {
    this.root = root;
    this.failpoints = failpoints;
    manager = open();
    sr = createSr("main");
    empty = createSr("empty");
    unplugged = createSr("unplugged");
    manager.pbdUnplug(pbd(unplugged));
    disk = create("disk", SIZE_BYTES);
    write(disk, 0, SNAPSHOT_VALUE);
    snapshot = manager.vdiSnapshot(VdiSnapshot.of(disk));
    write(disk, 0, DISK_VALUE);
    running = create("running", SIZE_BYTES);
    write(running, 0, RUNNING_VALUE);
    attach(running);
    deep = create("deep", BLOCKS * BLOCK_BYTES);
    deepen();
    track();
    manager.vdis(sr).stream().filter(VdiRecord::managed).forEach(vdi -> before.add(vdi.uuid()));
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

  /// A sector, through an attachment of its own.
  private void write(VdiUuid vdi, long offsetBytes, int value)
      throws IOException, StorageException {
    try (NbdClient client = attach(vdi)) {
      client.write(offsetBytes, sector(value));
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
      for (int round = 0; round < ROUNDS; round++) {
        for (int block = 0; block < BLOCKS; block++) {
          client.write(block * BLOCK_BYTES + round * 512L, sector(DEEP_VALUE));
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
    VdiUuid vdi = create("tracked", SIZE_BYTES);
    manager.vdiEnableCbt(vdi);
    for (int i = 0; i < 3; i++) {
      write(vdi, i * GRANULE_BYTES, 4 + i);
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
      case "vdi-create" -> create("new", SIZE_BYTES);
      case "vdi-clone" -> manager.vdiClone(VdiClone.of(snapshot));
      case "vdi-snapshot" -> manager.vdiSnapshot(VdiSnapshot.of(running));
      case "vdi-revert" -> manager.vdiRevert(snapshot);
      case "vdi-resize" -> manager.vdiResize(disk, GROWN_BYTES);
      case "vdi-destroy" -> manager.vdiDestroy(disk);
      case "vdi-import" ->
          importInto(Optional.empty(), Optional.of(VdiCreate.of(sr, "imported", SIZE_BYTES)));
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
      createSr("new");
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
            new ByteArrayInputStream(sector(IMPORTED_VALUE).array()),
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

  /// All bytes of a VDI, through its attachment or one of its own.
  byte[] read(VdiUuid vdi) throws IOException, StorageException {
    boolean attached = manager.attachments().stream().anyMatch(a -> a.vdi().equals(vdi));
    AccessMode mode = attached ? AccessMode.RW : AccessMode.RO;
    try (NbdClient client = FaultyDaemon.connect(manager.vdiAttach(VdiAttach.of(vdi, mode)))) {
      ByteBuffer found = ByteBuffer.allocate(Math.toIntExact(client.sizeBytes()));
      for (int at = 0; at < found.capacity(); at += READ_BYTES) {
        client.read(at, found.limit(Math.min(at + READ_BYTES, found.capacity())));
      }
      return found.array();
    } finally {
      if (!attached) {
        manager.vdiDetach(vdi, VdiAttach.HOST_DOMAIN);
      }
    }
  }

  /// What the deep disk holds.
  static byte[] deepBytes() {
    byte[] bytes = new byte[Math.toIntExact(BLOCKS * BLOCK_BYTES)];
    for (int block = 0; block < BLOCKS; block++) {
      int start = Math.toIntExact(block * BLOCK_BYTES);
      Arrays.fill(bytes, start, start + ROUNDS * SectorModel.SECTOR_BYTES, (byte) DEEP_VALUE);
    }
    return bytes;
  }

  /// The verb of a failpoint's name.
  static String verb(String point) {
    return point.substring(0, point.indexOf('.'));
  }

  StorageManager manager() {
    return manager;
  }

  SrUuid sr() {
    return sr;
  }

  VdiUuid disk() {
    return disk;
  }

  VdiUuid snapshot() {
    return snapshot;
  }

  VdiUuid running() {
    return running;
  }

  VdiUuid deep() {
    return deep;
  }

  List<VdiUuid> tracked() {
    return tracked;
  }

  /// The VDIs that are there before the verb.
  Set<VdiUuid> before() {
    return before;
  }

  /// Where a VDI's image lies.
  Path fileOf(VdiUuid vdi) {
    return root.resolve("main").resolve(vdi + ".vhd");
  }

  @Override
  public void close() {
    manager.close();
  }
}
