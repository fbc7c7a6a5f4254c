// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.block.BlockDevice;
import io.strata.block.GranuleBitmap;
import io.strata.spi.AccessMode;
import io.strata.spi.ChangedBlocks.ChangeLog;
import io.strata.spi.Clones.CloneSpec;
import io.strata.spi.Snapshots;
import io.strata.spi.Snapshots.SnapshotSpec;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.VhdTree;
import io.strata.spi.Volume.Kind;
import io.strata.spi.VolumeSpec;
import io.strata.store.VhdRepository;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;

/// A repository on recorded storage, and beside it the model of what its volumes must hold.
///
/// Each operation notes what must hold if the power goes within it.
final class RepositoryRig {
  static final long SIZE_BYTES = 4L << 20;
  private static final long RESIZE_STEP_BYTES = 2L << 20;
  private static final long WRITES_APART_BYTES = 1L << 20;

  private final SplittableRandom random;
  private final SimulatedStorage storage = SimulatedStorage.empty();
  private final VhdRepository repository;
  private final Map<VdiUuid, DiskModel> volumes = new TreeMap<>();
  private final Map<VdiUuid, Set<Optional<Log>>> logs = new TreeMap<>();
  private final Set<VdiUuid> snapshots = new TreeSet<>();

  /// Volumes to which others were reverted, so that those depend on their VHDs.
  private final Set<VdiUuid> needed = new TreeSet<>();

  /// Volumes that are open for writing.
  private final Set<VdiUuid> running = new HashSet<>();

  RepositoryRig(long seed) throws StorageException {
    random = new SplittableRandom(seed);
    repository = new VhdRepository(new SimulatedStore(storage));
    expect(true);
  }

  /// A change log as the model keeps it.
  ///
  /// @param changed its bitmap's bytes, for comparison
  record Log(VdiUuid next, List<Byte> changed) {
    static Log of(ChangeLog log) {
      List<Byte> bytes = new ArrayList<>();
      for (byte each : log.changed().toBytes()) {
        bytes.add(each);
      }
      return new Log(log.next(), List.copyOf(bytes));
    }
  }

  Recording recording() {
    return Recording.ofNew(storage.log().orElseThrow().entries());
  }

  SplittableRandom random() {
    return random;
  }

  VhdRepository repository() {
    return repository;
  }

  VhdTree tree() {
    return repository.vhdTree().orElseThrow();
  }

  Set<VdiUuid> running() {
    return Set.copyOf(running);
  }

  List<VdiUuid> volumes() {
    return List.copyOf(volumes.keySet());
  }

  List<VdiUuid> snapshots() {
    return List.copyOf(snapshots);
  }

  /// Volumes to which others were reverted.
  List<VdiUuid> needed() {
    return List.copyOf(needed);
  }

  /// Volumes that nobody depends on and nobody has open.
  List<VdiUuid> writable() {
    return volumes.keySet().stream()
        .filter(v -> !snapshots.contains(v) && !needed.contains(v) && !running.contains(v))
        .toList();
  }

  /// Some volume that is not open.
  Optional<VdiUuid> someClosed() {
    List<VdiUuid> closed = volumes.keySet().stream().filter(v -> !running.contains(v)).toList();
    return closed.isEmpty()
        ? Optional.empty()
        : Optional.of(closed.get(random.nextInt(closed.size())));
  }

  VdiUuid create() throws StorageException {
    VdiUuid vdi = uuid();
    DiskModel empty = DiskModel.zeroes(SIZE_BYTES);
    expect(new Intent.Create(vdi, SIZE_BYTES), vdi, empty);
    repository.create(vdi, new VolumeSpec(SIZE_BYTES, Kind.VHD));
    volumes.put(vdi, empty);
    expect(true);
    return vdi;
  }

  BlockDevice open(VdiUuid vdi) throws StorageException {
    BlockDevice device = repository.open(vdi, AccessMode.RW);
    running.add(vdi);
    return device;
  }

  void close(VdiUuid vdi, BlockDevice device) throws IOException {
    device.close();
    running.remove(vdi);
    volumes.computeIfPresent(vdi, (uuid, model) -> model.flushed());
    expect(true);
  }

  void write(VdiUuid vdi) throws IOException, StorageException {
    BlockDevice device = open(vdi);
    writeSome(vdi, device);
    close(vdi, device);
  }

  /// Ends with a flush.
  void writeSome(VdiUuid vdi, BlockDevice device) throws IOException {
    writeSome(vdi, device, () -> expect(false));
    flush(vdi, device);
    expect(true);
  }

  void writeUnflushed(VdiUuid vdi, BlockDevice device) throws IOException {
    writeSome(vdi, device, () -> expect(false));
  }

  void writeUnflushed(VdiUuid vdi, BlockDevice device, Intent intent) throws IOException {
    writeSome(vdi, device, () -> expect(intent));
  }

  /// @param expecting notes before each write what must hold from then on
  private void writeSome(VdiUuid vdi, BlockDevice device, Runnable expecting) throws IOException {
    for (int i = 0; i < 3; i++) {
      byte[] bytes = new byte[SectorModel.SECTOR_BYTES * (1 + random.nextInt(3))];
      random.nextBytes(bytes);
      long offset =
          random.nextLong(device.sizeBytes() / WRITES_APART_BYTES) * WRITES_APART_BYTES
              + random.nextLong(4) * 512;
      volumes.computeIfPresent(vdi, (uuid, model) -> model.writing(offset, bytes));
      expecting.run();
      device.write(offset, ByteBuffer.wrap(bytes));
    }
  }

  private void flush(VdiUuid vdi, BlockDevice device) throws IOException {
    device.flush();
    volumes.computeIfPresent(vdi, (uuid, model) -> model.flushed());
  }

  /// Snapshots a volume that is closed.
  void snapshot(VdiUuid vdi) throws StorageException {
    SnapshotSpec spec = new SnapshotSpec(vdi, uuid(), uuid());
    expect(new Intent.Snapshot(spec), spec.snapshot(), model(vdi));
    Snapshots.Prepared prepared = repository.snapshots().orElseThrow().prepare(spec);
    prepared.commit();
    prepared.release();
    snapshotted(spec, model(vdi));
  }

  /// Snapshots a volume that is written before and after the point in time, and sometimes flushed
  /// before the snapshot is durable.
  ///
  /// @return the device to go on with
  BlockDevice snapshot(VdiUuid vdi, BlockDevice device) throws IOException, StorageException {
    SnapshotSpec spec = new SnapshotSpec(vdi, uuid(), uuid());
    Intent intent = new Intent.Snapshot(spec);
    expect(intent, spec.snapshot(), model(vdi));
    Snapshots.Prepared prepared = repository.snapshots().orElseThrow().prepare(spec);
    writeSome(vdi, device, () -> expect(intent, spec.snapshot(), model(vdi)));
    DiskModel taken = model(vdi);
    BlockDevice next = prepared.commit().device().orElseThrow();
    writeSome(vdi, next, () -> expect(intent, spec.snapshot(), taken));
    if (random.nextBoolean()) {
      flush(vdi, next);
      expect(intent, spec.snapshot(), taken.flushed());
    }
    prepared.release();
    snapshotted(spec, taken.flushed());
    return next;
  }

  private void snapshotted(SnapshotSpec spec, DiskModel taken) {
    volumes.put(spec.snapshot(), taken);
    snapshots.add(spec.snapshot());
    expect(true);
  }

  void cloneVolume(VdiUuid source) throws StorageException {
    CloneSpec spec = new CloneSpec(source, uuid(), uuid());
    expect(new Intent.Clone(spec), spec.copy(), model(source));
    repository.clones().orElseThrow().clone(spec);
    volumes.put(spec.copy(), model(source));
    expect(true);
  }

  void revert(VdiUuid vdi, VdiUuid to) throws StorageException {
    if (to.equals(vdi)) {
      return;
    }
    if (!snapshots.contains(to)) {
      needed.add(to);
    }
    DiskModel before = model(vdi);
    DiskModel after = model(to).inPlaceOf(before);
    Intent.Revert intent = new Intent.Revert(vdi, to, uuid(), after);
    expectEither(intent, vdi, before.inPlaceOf(after), after);
    repository.snapshots().orElseThrow().revert(vdi, to, intent.displaced());
    volumes.put(vdi, after);
    needed.remove(vdi);
    expect(true);
  }

  void delete(VdiUuid vdi) throws StorageException {
    Map<VdiUuid, VolumeState> going = states();
    going.computeIfPresent(vdi, (uuid, state) -> state.as(VolumeState.Presence.POSSIBLE));
    volumes.remove(vdi);
    snapshots.remove(vdi);
    needed.remove(vdi);
    expect(going, new Intent.Delete(vdi), false);
    repository.delete(vdi);
    expect(true);
  }

  /// Grows a volume, which may be open.
  ///
  /// @return the device to go on with
  Optional<BlockDevice> resize(VdiUuid vdi, Optional<BlockDevice> device) throws StorageException {
    DiskModel before = model(vdi);
    DiskModel after = before.grown(before.sizeBytes() + RESIZE_STEP_BYTES);
    Intent.Resize intent = new Intent.Resize(vdi, after);
    expectEither(intent, vdi, before, after);
    Optional<BlockDevice> replacement = repository.resize(vdi, after.sizeBytes()).device();
    volumes.put(vdi, after);
    expect(true);
    return replacement.or(() -> device);
  }

  /// Keeps a change log for a volume, in place of an earlier one.
  void keepLog(VdiUuid vdi) throws StorageException {
    GranuleBitmap changed = new GranuleBitmap(SIZE_BYTES);
    changed.mark(random.nextLong(SIZE_BYTES - 512), 512);
    ChangeLog log = new ChangeLog(uuid(), changed);
    Set<Optional<Log>> before = logs.getOrDefault(vdi, Set.of(Optional.empty()));
    Set<Optional<Log>> within = new HashSet<>(before);
    within.add(Optional.of(Log.of(log)));
    logs.put(vdi, within);
    expect(false);
    repository.changedBlocks().orElseThrow().keepLog(vdi, log);
    logs.put(vdi, Set.of(Optional.of(Log.of(log))));
    expect(true);
  }

  void dropLog(VdiUuid vdi) throws StorageException {
    Set<Optional<Log>> within = new HashSet<>(logs.getOrDefault(vdi, Set.of(Optional.empty())));
    within.add(Optional.empty());
    logs.put(vdi, within);
    expect(false);
    repository.changedBlocks().orElseThrow().dropLog(vdi);
    logs.remove(vdi);
    expect(true);
  }

  /// Notes what must hold while an operation of which nobody sees anything is under way.
  void expect(Intent intent) {
    expect(states(), intent, false);
  }

  void expect(boolean acknowledged) {
    expect(states(), new Intent.None(), acknowledged);
  }

  /// Until the operation is over, the volume is one of the two as a whole.
  private void expectEither(Intent intent, VdiUuid changing, DiskModel before, DiskModel after) {
    Map<VdiUuid, VolumeState> states = states();
    states.put(changing, VolumeState.certain(before, after));
    expect(states, intent, false);
  }

  private void expect(Intent intent, VdiUuid changing, DiskModel model) {
    Map<VdiUuid, VolumeState> states = states();
    states.put(changing, VolumeState.possible(model));
    expect(states, intent, false);
  }

  private void expect(Map<VdiUuid, VolumeState> states, Intent intent, boolean acknowledged) {
    storage.expect(new RepositoryExpectation(states, logs, intent, acknowledged));
  }

  private Map<VdiUuid, VolumeState> states() {
    Map<VdiUuid, VolumeState> states = new TreeMap<>();
    volumes.forEach((vdi, model) -> states.put(vdi, VolumeState.certain(model)));
    return states;
  }

  private DiskModel model(VdiUuid vdi) {
    return Optional.ofNullable(volumes.get(vdi)).orElseThrow();
  }

  VdiUuid uuid() {
    return new VdiUuid(new UUID(random.nextLong(), random.nextLong()));
  }
}
