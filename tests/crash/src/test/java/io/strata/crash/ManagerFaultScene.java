// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.strata.block.Container;
import io.strata.block.sim.FaultHit;
import io.strata.block.sim.FaultPlan;
import io.strata.catalog.PbdRecord;
import io.strata.catalog.SrRecord;
import io.strata.gc.GcAction;
import io.strata.manager.ImageFormat;
import io.strata.manager.ProgressListener;
import io.strata.manager.StorageManager;
import io.strata.manager.VdiCopy;
import io.strata.manager.VdiCreate;
import io.strata.manager.VdiImport;
import io.strata.manager.VdiIntroduce;
import io.strata.manager.VdiSnapshot;
import io.strata.nbd.NbdClient;
import io.strata.spi.AccessMode;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.vhd.VhdEditor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// A daemon on failing storage with a disk, a snapshot of it, a running disk with a history, and a
/// disk that has nothing to do with anything; and what each of them holds.
final class ManagerFaultScene implements AutoCloseable {
  static final long MIB = 1L << 20;
  private static final String FIRST = "first";
  private static final String SECOND = "second";

  private final FaultyDaemon daemon;
  private final SrUuid sr;
  private final VdiUuid disk;
  private final VdiUuid snapshot;
  private final VdiUuid running;
  private final NbdClient guest;

  /// Snapshots of one more disk, whose changes are tracked.
  private final List<VdiUuid> tracked = new ArrayList<>();

  /// A disk that holds what the snapshot does.
  private Optional<VdiUuid> copy = Optional.empty();

  private final Map<VdiUuid, ManagerFaultContent> contents = new LinkedHashMap<>();

  ManagerFaultScene(Path home) throws IOException, StorageException {
    daemon = new FaultyDaemon(home);
    sr = daemon.createSr(FIRST);
    createWritten(sr, "bystander", 7);
    disk = createWritten(sr, "disk", 1);
    write(disk, MIB, 1);
    snapshot = takeSnapshot(disk);
    write(disk, 0, 2);
    running = create(sr, "running", 8 * MIB);
    guest = daemon.attach(running, AccessMode.RW);
    guest.write(0, run(3));
    guest.write(2 * MIB, run(3));
    guest.flush();
    VdiUuid gone = manager().vdiSnapshot(VdiSnapshot.of(running));
    guest.write(0, run(3));
    guest.flush();
    manager().vdiDestroy(gone);
    contents.put(running, ManagerFaultContent.zeroes(8 * MIB).with(0, 3).with(2 * MIB, 3));
  }

  private VdiUuid create(SrUuid where, String name, long sizeBytes) throws StorageException {
    VdiUuid vdi = manager().vdiCreate(VdiCreate.of(where, name, sizeBytes));
    contents.put(vdi, ManagerFaultContent.zeroes(sizeBytes));
    return vdi;
  }

  private VdiUuid createWritten(SrUuid where, String name, int value)
      throws IOException, StorageException {
    VdiUuid vdi = create(where, name, 4 * MIB);
    write(vdi, 0, value);
    return vdi;
  }

  private VdiUuid takeSnapshot(VdiUuid of) throws StorageException {
    VdiUuid taken = manager().vdiSnapshot(VdiSnapshot.of(of));
    contents.put(taken, content(of));
    return taken;
  }

  private void write(VdiUuid vdi, long offsetBytes, int value)
      throws IOException, StorageException {
    write(vdi, offsetBytes, run(value));
    contents.put(vdi, content(vdi).with(offsetBytes, value));
  }

  /// Writes at the start of a VDI what is not among what it must hold.
  void writeUnnoted(VdiUuid vdi, ByteBuffer bytes) throws IOException, StorageException {
    write(vdi, 0, bytes);
  }

  private void write(VdiUuid vdi, long offsetBytes, ByteBuffer bytes)
      throws IOException, StorageException {
    try (NbdClient client = daemon.attach(vdi, AccessMode.RW)) {
      client.write(offsetBytes, bytes);
      client.flush();
    }
    daemon.detach(vdi);
  }

  /// As damage may: the image says that the disk is only a base of others.
  void markAsBase(VdiUuid vdi) throws IOException {
    SimulatedStorage storage = daemon.storages().named(FIRST);
    SimulatedStore sound = new SimulatedStore(storage, SimulatedStore.ROOT, () -> {});
    try (Container image = sound.open(vdi + ".vhd", true)) {
      VhdEditor.setHidden(image, true);
    }
  }

  static ByteBuffer run(int value) {
    byte[] bytes = new byte[ManagerFaultContent.RUN_BYTES];
    Arrays.fill(bytes, (byte) value);
    return ByteBuffer.wrap(bytes);
  }

  FaultyDaemon daemon() {
    return daemon;
  }

  StorageManager manager() {
    return daemon.manager();
  }

  FaultPlan plan() {
    return daemon.plan();
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

  NbdClient guest() {
    return guest;
  }

  List<VdiUuid> tracked() {
    return tracked;
  }

  /// The VDIs that are there before a story, and what they hold.
  Map<VdiUuid, ManagerFaultContent> contents() {
    return contents;
  }

  ManagerFaultContent content(VdiUuid vdi) {
    ManagerFaultContent content = contents.get(vdi);
    if (content == null) {
      throw new AssertionError("no VDI " + vdi + " before the story");
    }
    return content;
  }

  /// Nothing keeps the next collection from carrying out all there is to do.
  void assertCollectable() throws StorageException {
    manager().srGc(sr);
    assertThat(manager().srGcPlan(sr))
        .as("what is left to collect")
        .allMatch(GcAction.Keep.class::isInstance);
  }

  /// @throws CrashViolation where the guest reads anything else
  void assertGuestReads(long offsetBytes, int length, int value) throws IOException {
    ByteBuffer found = ByteBuffer.allocate(length);
    guest.read(offsetBytes, found);
    for (byte b : found.array()) {
      if (b != value) {
        throw new CrashViolation("the guest reads " + b + " where " + value + " is");
      }
    }
  }

  /// What the guest wrote so, and flushed.
  void writeAsGuest(long offsetBytes, int lengthBytes, int value) throws IOException {
    byte[] bytes = new byte[lengthBytes];
    Arrays.fill(bytes, (byte) value);
    guest.write(offsetBytes, ByteBuffer.wrap(bytes));
    guest.flush();
    contents.put(running, content(running).filled(offsetBytes, lengthBytes, value));
  }

  /// Puts nodes below a disk that nobody needs.
  void deepen(VdiUuid vdi) throws IOException, StorageException {
    List<VdiUuid> needless = new ArrayList<>();
    for (int round = 1; round <= 3; round++) {
      // The last one holds most, so that the others are merged into it and not into the lowest.
      for (int i = 0; i < (round == 3 ? 4 : 1); i++) {
        long offsetBytes = (round * 8L + i) * ManagerFaultContent.RUN_BYTES;
        if (vdi.equals(running)) {
          writeAsGuest(offsetBytes, ManagerFaultContent.RUN_BYTES, 20 + round);
        } else {
          write(vdi, offsetBytes, 20 + round);
        }
      }
      needless.add(manager().vdiSnapshot(VdiSnapshot.of(vdi)));
    }
    for (VdiUuid gone : needless) {
      manager().vdiDestroy(gone);
    }
  }

  /// Makes a disk that holds what the snapshot does.
  VdiUuid copySnapshot() throws StorageException {
    return manager()
        .vdiCopy(
            new VdiCopy(
                snapshot,
                Optional.of(sr),
                Optional.empty(),
                Optional.empty(),
                ProgressListener.NONE));
  }

  /// Makes a disk that holds what the snapshot does, before the story.
  void prepareCopy() throws StorageException {
    VdiUuid made = copySnapshot();
    contents.put(made, content(snapshot));
    copy = Optional.of(made);
  }

  VdiUuid copy() {
    return copy.orElseThrow();
  }

  /// Makes a disk whose changes are tracked, and two snapshots of it.
  void track() throws IOException, StorageException {
    VdiUuid vdi = createWritten(sr, "tracked", 4);
    manager().vdiEnableCbt(vdi);
    tracked.add(takeSnapshot(vdi));
    write(vdi, 0, 5);
    tracked.add(takeSnapshot(vdi));
    write(vdi, 2 * MIB, 6);
    tracked.add(vdi);
  }

  /// What changed since the first snapshot of the tracked disk.
  Set<Integer> changedGranules() throws StorageException {
    var changed = manager().vdiListChangedBlocks(tracked.getFirst(), tracked.getLast());
    Set<Integer> granules = new TreeSet<>();
    for (int granule = 0; granule < changed.granules(); granule++) {
      if (changed.marked(granule)) {
        granules.add(granule);
      }
    }
    return granules;
  }

  /// The disk, which nobody knows, becomes a VDI again. Introduces the disk, unless it is known by
  /// its name.
  void introduceDisk() throws StorageException {
    boolean named =
        manager().vdis(sr).stream()
            .anyMatch(vdi -> vdi.uuid().equals(disk) && !vdi.nameLabel().isEmpty());
    if (!named) {
      manager()
          .vdiIntroduce(
              new VdiIntroduce(
                  disk, sr, "user", disk.toString(), "disk", "", false, false, Map.of()));
    }
  }

  void createSecondSr() throws StorageException {
    daemon.createSr(SECOND);
  }

  Optional<SrUuid> secondSr() throws StorageException {
    return manager().srs().stream()
        .filter(known -> known.nameLabel().equals(SECOND))
        .map(SrRecord::uuid)
        .findFirst();
  }

  PbdRecord secondPbd() throws StorageException {
    SrUuid second = secondSr().orElseThrow();
    return manager().pbds().stream()
        .filter(pbd -> pbd.sr().equals(second))
        .findFirst()
        .orElseThrow();
  }

  void createDiskInSecondSr() throws IOException, StorageException {
    createWritten(secondSr().orElseThrow(), "second", 8);
  }

  /// The storage is sound again, and the daemon starts anew.
  void restart() throws StorageException {
    daemon.restart();
    daemon.awaitSettled();
  }

  /// A disk can be made, written to, read and destroyed.
  void makeAndDestroyADisk() throws IOException, StorageException {
    VdiUuid vdi = createWritten(sr, "after", 9);
    if (!Arrays.equals(read(vdi), content(vdi).bytes())) {
      throw new AssertionError("a new disk does not hold what was written to it");
    }
    manager().vdiDestroy(vdi);
    contents.remove(vdi);
  }

  /// Whether what was hit is data of a VDI that was not there before the story.
  boolean isDataOfNewVdi(FaultHit hit) throws IOException {
    for (VdiUuid old : contents.keySet()) {
      if (daemon.storages().locationOf(old).equals(Optional.of(hit.what()))) {
        return false;
      }
    }
    Optional<Container> image = daemon.storages().at(hit.what());
    return image.isPresent()
        && DataSectors.read(Map.of(hit.what(), image.get()), Map.of())
            .areData(hit.what(), hit.offsetBytes(), hit.lengthBytes());
  }

  /// Imports a run of 9 that is as long as a disk.
  void importRun(Optional<VdiUuid> into, Optional<VdiCreate> create) throws StorageException {
    manager()
        .vdiImport(
            new VdiImport(
                into,
                create,
                ImageFormat.RAW,
                new ByteArrayInputStream(run(9).array()),
                ProgressListener.NONE));
  }

  /// A second SR that holds a disk.
  void createSecondSrWithDisk() throws IOException, StorageException {
    createSecondSr();
    createDiskInSecondSr();
  }

  /// Whether a disk can't be used since it holds a part of an import.
  boolean refusesAsUnended(VdiUuid vdi) throws StorageException {
    boolean marked =
        manager().vdi(vdi).contentId().filter(id -> id.startsWith("importing:")).isPresent();
    if (marked) {
      assertThatThrownBy(() -> read(vdi)).hasMessageContaining("has not ended");
    }
    return marked;
  }

  /// All bytes of a VDI, through its attachment or one of its own.
  byte[] read(VdiUuid vdi) throws IOException, StorageException {
    boolean attached = manager().attachments().stream().anyMatch(a -> a.vdi().equals(vdi));
    try (NbdClient client = daemon.attach(vdi, attached ? AccessMode.RW : AccessMode.RO)) {
      ByteBuffer found = ByteBuffer.allocate(Math.toIntExact(client.sizeBytes()));
      client.read(0, found);
      return found.array();
    } finally {
      if (!attached) {
        daemon.detach(vdi);
      }
    }
  }

  @Override
  public void close() throws IOException {
    try (guest) {
      daemon.close();
    }
  }
}
