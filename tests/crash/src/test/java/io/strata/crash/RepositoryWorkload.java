// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.block.BlockDevice;
import io.strata.block.sim.LogEntry;
import io.strata.spi.AccessMode;
import io.strata.spi.Clones.CloneSpec;
import io.strata.spi.Snapshots;
import io.strata.spi.Snapshots.SnapshotSpec;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
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
import java.util.UUID;

/// Volumes of a repository come and go, are snapshotted while they are written, cloned, reverted,
/// resized and deleted.
final class RepositoryWorkload implements CrashWorkload {
  private static final int OPERATIONS = 12;
  private static final long SIZE_BYTES = 4L << 20;
  private static final long RESIZE_STEP_BYTES = 2L << 20;

  @Override
  public String name() {
    return "REPOSITORY";
  }

  @Override
  public int share() {
    return 2;
  }

  @Override
  public CrashBudget budget(CrashBudget general) {
    return general.rarelyNested();
  }

  @Override
  public boolean hasTwin(LogEntry.Write write) {
    return FooterWrites.ofTwo(write);
  }

  @Override
  public Recording record(long seed) throws IOException {
    try {
      return new Run(seed).record();
    } catch (StorageException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private static final class Run {
    private final SplittableRandom random;
    private final SimulatedStorage storage = SimulatedStorage.empty();
    private final VhdRepository repository;
    private final Map<VdiUuid, SectorModel> volumes = new TreeMap<>();
    private final List<VdiUuid> snapshots = new ArrayList<>();

    /// Volumes to which others were reverted, so that those depend on their VHDs.
    private final Set<VdiUuid> needed = new HashSet<>();

    Run(long seed) throws StorageException {
      random = new SplittableRandom(seed);
      repository = new VhdRepository(new SimulatedStore(storage));
    }

    Recording record() throws IOException, StorageException {
      expect(true);
      create();
      for (int i = 0; i < OPERATIONS; i++) {
        operation();
      }
      return Recording.ofNew(storage.log().orElseThrow().entries());
    }

    private void operation() throws IOException, StorageException {
      List<VdiUuid> writable =
          volumes.keySet().stream()
              .filter(v -> !snapshots.contains(v) && !needed.contains(v))
              .toList();
      if (writable.isEmpty()) {
        create();
        return;
      }
      VdiUuid vdi = writable.get(random.nextInt(writable.size()));
      switch (random.nextInt(10)) {
        case 0 -> create();
        case 1, 2 -> snapshotOpen(vdi);
        case 3 -> snapshotClosed(vdi);
        case 4 -> cloneVolume(random.nextBoolean() ? vdi : someVolume());
        case 5 -> revert(needed.isEmpty() || random.nextBoolean() ? vdi : someNeeded());
        case 6, 7 -> delete(someVolume());
        case 8 -> resize(vdi);
        default -> write(vdi);
      }
    }

    private VdiUuid someVolume() {
      return List.copyOf(volumes.keySet()).get(random.nextInt(volumes.size()));
    }

    private VdiUuid someNeeded() {
      return needed.stream().sorted().findFirst().orElseThrow();
    }

    private void create() throws StorageException {
      VdiUuid vdi = uuid();
      expect(new Intent.Create(vdi, SIZE_BYTES), vdi, SectorModel.zeroes());
      repository.create(vdi, new VolumeSpec(SIZE_BYTES, Kind.VHD));
      volumes.put(vdi, SectorModel.zeroes());
      expect(true);
    }

    private void write(VdiUuid vdi) throws IOException, StorageException {
      try (BlockDevice device = repository.open(vdi, AccessMode.RW)) {
        writeSome(vdi, device);
      }
      volumes.computeIfPresent(vdi, (uuid, model) -> model.flushed());
      expect(true);
    }

    /// Ends with a flush.
    private void writeSome(VdiUuid vdi, BlockDevice device) throws IOException {
      for (int i = 0; i < 3; i++) {
        byte[] bytes = new byte[SectorModel.SECTOR_BYTES * (1 + random.nextInt(3))];
        random.nextBytes(bytes);
        long offset = random.nextLong(4) * (1 << 20) + random.nextLong(4) * 512;
        volumes.computeIfPresent(vdi, (uuid, model) -> model.writing(offset, bytes));
        expect(false);
        device.write(offset, ByteBuffer.wrap(bytes));
      }
      device.flush();
      volumes.computeIfPresent(vdi, (uuid, model) -> model.flushed());
      expect(true);
    }

    private void snapshotOpen(VdiUuid vdi) throws IOException, StorageException {
      BlockDevice device = repository.open(vdi, AccessMode.RW);
      writeSome(vdi, device);
      SnapshotSpec spec = new SnapshotSpec(vdi, uuid(), uuid());
      Snapshots.Prepared prepared = prepare(spec);
      Optional<BlockDevice> replacement = prepared.commit().device();
      snapshotted(spec);
      BlockDevice current = replacement.orElse(device);
      writeSome(vdi, current);
      current.close();
    }

    private void snapshotClosed(VdiUuid vdi) throws StorageException {
      SnapshotSpec spec = new SnapshotSpec(vdi, uuid(), uuid());
      prepare(spec).commit();
      snapshotted(spec);
    }

    private Snapshots.Prepared prepare(SnapshotSpec spec) throws StorageException {
      expect(new Intent.Snapshot(spec), spec.snapshot(), model(spec.source()));
      return repository.snapshots().orElseThrow().prepare(spec);
    }

    private void snapshotted(SnapshotSpec spec) {
      volumes.put(spec.snapshot(), model(spec.source()));
      snapshots.add(spec.snapshot());
      expect(true);
    }

    private void cloneVolume(VdiUuid source) throws StorageException {
      CloneSpec spec = new CloneSpec(source, uuid(), uuid());
      expect(new Intent.Clone(spec), spec.copy(), model(source));
      repository.clones().orElseThrow().clone(spec);
      volumes.put(spec.copy(), model(source));
      expect(true);
    }

    private void revert(VdiUuid vdi) throws StorageException {
      VdiUuid snapshot = someVolume();
      if (snapshot.equals(vdi)) {
        return;
      }
      if (!snapshots.contains(snapshot)) {
        needed.add(snapshot);
      }
      SectorModel before = model(vdi);
      SectorModel after = model(snapshot);
      Intent.Revert intent = new Intent.Revert(vdi, snapshot, uuid(), after);
      volumes.put(vdi, before.or(after));
      expect(intent);
      repository.snapshots().orElseThrow().revert(vdi, snapshot, intent.displaced());
      volumes.put(vdi, after);
      needed.remove(vdi);
      expect(true);
    }

    private void delete(VdiUuid vdi) throws StorageException {
      SectorModel model = model(vdi);
      volumes.remove(vdi);
      snapshots.remove(vdi);
      needed.remove(vdi);
      expect(new Intent.Delete(vdi), vdi, model);
      repository.delete(vdi);
      expect(true);
    }

    private void resize(VdiUuid vdi) throws IOException, StorageException {
      long size;
      try (BlockDevice device = repository.open(vdi, AccessMode.RO)) {
        size = device.sizeBytes() + RESIZE_STEP_BYTES;
      }
      expect(new Intent.Resize(vdi, size));
      repository.resize(vdi, size);
      expect(true);
    }

    private SectorModel model(VdiUuid vdi) {
      return volumes.getOrDefault(vdi, SectorModel.zeroes());
    }

    private void expect(boolean acknowledged) {
      expect(states(), new Intent.None(), acknowledged);
    }

    private void expect(Intent intent) {
      expect(states(), intent, false);
    }

    private void expect(Intent intent, VdiUuid changing, SectorModel model) {
      Map<VdiUuid, VolumeState> states = states();
      states.put(changing, VolumeState.possible(model));
      expect(states, intent, false);
    }

    private void expect(Map<VdiUuid, VolumeState> states, Intent intent, boolean acknowledged) {
      storage.expect(new RepositoryExpectation(states, intent, acknowledged));
    }

    private Map<VdiUuid, VolumeState> states() {
      Map<VdiUuid, VolumeState> states = new TreeMap<>();
      volumes.forEach((vdi, model) -> states.put(vdi, VolumeState.certain(model)));
      return states;
    }

    private VdiUuid uuid() {
      return new VdiUuid(new UUID(random.nextLong(), random.nextLong()));
    }
  }
}
