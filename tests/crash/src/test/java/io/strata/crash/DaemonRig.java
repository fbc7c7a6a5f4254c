// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.block.BlockDevice;
import io.strata.block.Container;
import io.strata.manager.Attachment;
import io.strata.manager.ImageFormat;
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
import io.strata.nbd.NbdEndpoint;
import io.strata.spi.AccessMode;
import io.strata.spi.DeviceConfig;
import io.strata.spi.PbdUuid;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.vhd.VhdEditor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.UUID;

/// A daemon on recorded storage, and beside it what its users know.
final class DaemonRig implements AutoCloseable {
  private static final long SIZE_BYTES = 4L << 20;
  private static final long GROWTH_BYTES = 2L << 20;
  private static final long WRITES_APART_BYTES = 2L << 20;
  private static final String DOMAIN = VdiAttach.HOST_DOMAIN;

  private final SplittableRandom random;
  private final SimulatedStorage storage = SimulatedStorage.empty();
  private final Daemon daemon;
  private final StorageManager manager;

  // Guarded by this: commits are noted by the threads that make them.
  private DaemonHome home = DaemonHome.NEW;
  private DaemonState users;

  DaemonRig(long seed) throws IOException, StorageException {
    random = new SplittableRandom(seed);
    users = DaemonState.before(new SrUuid(uuid()));
    daemon = Daemon.start(DaemonHome.NEW, storage, this::committed);
    manager = daemon.manager();
  }

  Recording recording() {
    return Recording.ofNew(storage.log().orElseThrow().entries());
  }

  private synchronized void committed(DaemonHome now) {
    home = now;
    mark(false);
  }

  private synchronized void expect(DaemonState next, boolean acknowledged) {
    users = next;
    mark(acknowledged);
  }

  private void mark(boolean acknowledged) {
    storage.expect(new DaemonExpectation(home, storage.descriptions(), users, acknowledged));
  }

  /// An operation was acknowledged.
  private void done(DaemonState next) {
    daemon.note();
    expect(next.settled(), true);
  }

  void createSr() throws StorageException {
    createSr(users.sr(), Map.of());
  }

  private void createSr(SrUuid sr, Map<String, String> deviceConfig) throws StorageException {
    manager.srCreate(
        new SrCreate(
            Optional.of(sr),
            SimulatedDriver.TYPE,
            "sr",
            "",
            new DeviceConfig(deviceConfig),
            false,
            "user",
            Map.of()));
    done(users);
  }

  /// Moves a disk to a new SR.
  void moveDisk() throws StorageException {
    SrUuid second = new SrUuid(uuid());
    expect(users.adding(second), false);
    createSr(second, Map.of(SimulatedDriver.FOLDER, DaemonState.SECOND_FOLDER));
    VdiUuid vdi = someWritable();
    expect(users.moving(vdi), false);
    VdiUuid moved = manager.vdiMove(vdi, second, ProgressListener.NONE);
    done(users.with(moved, users.disk(vdi)).without(vdi));
  }

  void create() throws StorageException {
    DiskModel empty = DiskModel.zeroes(SIZE_BYTES);
    expect(users.making(empty), false);
    VdiUuid vdi = manager.vdiCreate(VdiCreate.of(users.sr(), "disk", SIZE_BYTES));
    done(users.with(vdi, empty));
  }

  void cloneDisk() throws StorageException {
    VdiUuid source = someDisk();
    expect(users.making(users.disk(source)), false);
    VdiUuid copy = manager.vdiClone(VdiClone.of(source));
    done(users.with(copy, users.disk(source)));
  }

  void copyDisk() throws StorageException {
    VdiUuid source = someDisk();
    expect(users.making(users.disk(source)), false);
    VdiUuid copy =
        manager.vdiCopy(
            new VdiCopy(
                source,
                Optional.of(users.sr()),
                Optional.empty(),
                Optional.empty(),
                ProgressListener.NONE));
    done(users.with(copy, users.disk(source)));
  }

  void importDisk() throws StorageException {
    byte[] image = image();
    DiskModel content = DiskModel.zeroes(SIZE_BYTES).writing(0, image).flushed();
    expect(users.making(content), false);
    VdiUuid vdi =
        manager.vdiImport(
            new VdiImport(
                Optional.empty(),
                Optional.of(VdiCreate.of(users.sr(), "imported", SIZE_BYTES)),
                ImageFormat.RAW,
                new ByteArrayInputStream(image),
                ProgressListener.NONE));
    done(users.with(vdi, content));
  }

  /// Imports an image into a disk that holds something; until that ends, it may hold parts of both.
  void overwriteDisk() throws StorageException {
    VdiUuid vdi = someWritable();
    byte[] image = image();
    DiskModel before = users.disk(vdi);
    SectorModel content =
        SectorModel.zeroes().writing(0, image).flushed().watching(before.sectors());
    expect(users.with(vdi, before.with(before.sectors().or(content))), false);
    manager.vdiImport(
        new VdiImport(
            Optional.of(vdi),
            Optional.empty(),
            ImageFormat.RAW,
            new ByteArrayInputStream(image),
            ProgressListener.NONE));
    done(users.with(vdi, before.with(content)));
  }

  private byte[] image() {
    byte[] image = new byte[8192];
    random.nextBytes(image);
    return image;
  }

  void resize() throws StorageException {
    grow(someWritable());
  }

  /// Grows a disk between a guest's writes.
  void resizeRunning() throws IOException, StorageException {
    VdiUuid vdi = someWritable();
    Attachment attachment = attach(vdi);
    try (BlockDevice device = connect(attachment)) {
      writeSome(vdi, device);
      grow(vdi);
      writeSome(vdi, device);
      try (BlockDevice larger = connect(attachment)) {
        writeSome(vdi, larger);
      }
    }
    detach(vdi);
  }

  private void grow(VdiUuid vdi) throws StorageException {
    DiskModel before = users.disk(vdi);
    DiskModel after = before.grown(before.sizeBytes() + GROWTH_BYTES);
    expect(users.with(vdi, before, after), false);
    manager.vdiResize(vdi, after.sizeBytes());
    done(users.with(vdi, after));
  }

  void revert() throws StorageException {
    Optional<VdiUuid> snapshot =
        snapshots().stream().filter(s -> users.disks().containsKey(diskOf(s))).findFirst();
    if (snapshot.isEmpty()) {
      return;
    }
    VdiUuid vdi = diskOf(snapshot.get());
    DiskModel before = users.disk(vdi);
    DiskModel after = users.disk(snapshot.get()).inPlaceOf(before);
    expect(users.with(vdi, before.inPlaceOf(after), after), false);
    manager.vdiRevert(snapshot.get());
    done(users.with(vdi, after));
  }

  void destroy() throws StorageException {
    VdiUuid vdi = snapshots().isEmpty() ? someDisk() : snapshots().getFirst();
    if (users.disks().size() == 1) {
      return;
    }
    expect(users.removing(vdi), false);
    manager.vdiDestroy(vdi);
    done(users.without(vdi));
  }

  /// Takes the SR away from this host and back.
  void replug() throws StorageException {
    PbdUuid pbd = manager.pbds().getFirst().uuid();
    manager.pbdUnplug(pbd);
    done(users);
    manager.pbdPlug(pbd);
    done(users);
  }

  /// A scan finds a disk that damage marked as a base of others.
  void scanMarkedDisk() throws IOException, StorageException {
    SimulatedStore store = new SimulatedStore(storage, SimulatedStore.ROOT, () -> {});
    try (Container image = store.open(someDisk() + ".vhd", true)) {
      VhdEditor.setHidden(image, true);
    }
    manager.srScan(users.sr());
    done(users);
  }

  /// Destroys every disk and then the SR.
  void destroySr() throws StorageException {
    for (VdiUuid vdi : new TreeMap<>(users.disks()).keySet()) {
      expect(users.removing(vdi), false);
      manager.vdiDestroy(vdi);
      done(users.without(vdi));
    }
    expect(DaemonState.before(users.sr()), false);
    manager.srDestroy(users.sr());
    daemon.note();
    expect(users, true);
  }

  /// Gives up the data of a disk's older snapshot, and keeps which blocks changed since.
  void destroyData() throws IOException, StorageException {
    VdiUuid vdi = someWritable();
    manager.vdiEnableCbt(vdi);
    done(users);
    VdiUuid older = snapshot(vdi);
    write(vdi);
    snapshot(vdi);
    expect(users.emptying(older), false);
    manager.vdiDataDestroy(older);
    done(users.without(older));
  }

  private VdiUuid snapshot(VdiUuid vdi) throws StorageException {
    expect(users.making(users.disk(vdi)), false);
    VdiUuid snapshot = manager.vdiSnapshot(VdiSnapshot.of(vdi));
    done(users.with(snapshot, users.disk(vdi)).withSnapshot(snapshot, vdi));
    return snapshot;
  }

  void collect() throws StorageException {
    manager.srGc(users.sr());
    done(users);
  }

  void write() throws IOException, StorageException {
    write(someWritable());
  }

  private void write(VdiUuid vdi) throws IOException, StorageException {
    try (BlockDevice device = connect(attach(vdi))) {
      writeSome(vdi, device);
    }
    detach(vdi);
  }

  /// Takes a snapshot between a guest's writes.
  void snapshotRunning() throws IOException, StorageException {
    VdiUuid vdi = someWritable();
    try (BlockDevice device = connect(attach(vdi))) {
      writeSome(vdi, device);
      snapshot(vdi);
      writeSome(vdi, device);
    }
    detach(vdi);
  }

  /// Merges the chain of a disk while its guest is there.
  void collectRunning() throws IOException, StorageException {
    VdiUuid vdi = snapshots().stream().map(this::diskOf).findFirst().orElse(someWritable());
    try (BlockDevice device = connect(attach(vdi))) {
      writeSome(vdi, device);
      for (VdiUuid snapshot : snapshots()) {
        expect(users.removing(snapshot), false);
        manager.vdiDestroy(snapshot);
        done(users.without(snapshot));
      }
      collect();
      writeSome(vdi, device);
    }
    detach(vdi);
  }

  private Attachment attach(VdiUuid vdi) throws StorageException {
    expect(users.attaching(Optional.of(new DaemonState.Attached(vdi, false))), false);
    Attachment attachment = manager.vdiAttach(VdiAttach.of(vdi, AccessMode.RW));
    done(users.attaching(Optional.of(new DaemonState.Attached(vdi, true))));
    return attachment;
  }

  private static BlockDevice connect(Attachment attachment) throws IOException {
    String socket = URI.create(attachment.uri()).getQuery().substring("socket=".length());
    return NbdClient.connect(new NbdEndpoint.UnixSocket(Path.of(socket)), attachment.exportName());
  }

  private void detach(VdiUuid vdi) throws StorageException {
    expect(users.attaching(Optional.of(new DaemonState.Attached(vdi, false))), false);
    manager.vdiDetach(vdi, DOMAIN);
    done(users.attaching(Optional.empty()));
  }

  /// Ends with a flush.
  private void writeSome(VdiUuid vdi, BlockDevice device) throws IOException {
    for (int i = 0; i < 2; i++) {
      byte[] bytes = new byte[SectorModel.SECTOR_BYTES * (1 + random.nextInt(2))];
      random.nextBytes(bytes);
      long offset =
          random.nextLong(device.sizeBytes() / WRITES_APART_BYTES) * WRITES_APART_BYTES
              + random.nextLong(4) * 512;
      expect(users.with(vdi, users.disk(vdi).writing(offset, bytes)), false);
      device.write(offset, ByteBuffer.wrap(bytes));
    }
    device.flush();
    expect(users.with(vdi, users.disk(vdi).flushed()), true);
  }

  private List<VdiUuid> snapshots() {
    return users.snapshots().keySet().stream().sorted().toList();
  }

  private VdiUuid diskOf(VdiUuid snapshot) {
    return Optional.ofNullable(users.snapshots().get(snapshot)).orElseThrow();
  }

  private VdiUuid someDisk() {
    List<VdiUuid> all = List.copyOf(new TreeMap<>(users.disks()).keySet());
    return all.get(random.nextInt(all.size()));
  }

  private VdiUuid someWritable() {
    List<VdiUuid> writable =
        new TreeMap<>(users.disks())
            .keySet().stream().filter(vdi -> !users.snapshots().containsKey(vdi)).toList();
    return writable.get(random.nextInt(writable.size()));
  }

  private UUID uuid() {
    return new UUID(random.nextLong(), random.nextLong());
  }

  @Override
  public void close() throws IOException {
    daemon.close();
  }
}
