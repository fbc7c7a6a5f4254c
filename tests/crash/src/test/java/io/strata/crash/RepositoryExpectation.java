// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import io.strata.block.BlockDevice;
import io.strata.spi.AccessMode;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.Volume;
import io.strata.spi.Volume.Kind;
import io.strata.spi.VolumeSpec;
import io.strata.store.VhdRepository;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/// A repository that must open after a crash, and what its volumes must hold: before and after the
/// interrupted operation is replayed.
///
/// @param volumes every volume that is or may be there
/// @param logs what change log each volume may have; none where it is not named
/// @param intent what was going on
record RepositoryExpectation(
    Map<VdiUuid, VolumeState> volumes,
    Map<VdiUuid, Set<Optional<RepositoryRig.Log>>> logs,
    Intent intent,
    boolean acknowledged)
    implements Expectation {
  private static final int PROBED_EVERY = 8;
  private static final int MOST_PROBED = 2;
  private static final int WHOLE_EVERY = 64;

  RepositoryExpectation {
    volumes = Map.copyOf(volumes);
    logs = Map.copyOf(logs);
  }

  @Override
  public void verify(SimulatedStorage storage) throws IOException {
    try {
      VhdRepository repository = new VhdRepository(new SimulatedStore(storage));
      checkVolumes(repository, beforeReplay(), intent.passing(), false);
      Map<VdiUuid, VolumeState> replayed = replay(repository);
      checkVolumes(repository, replayed, Set.of(), storage.sampled(WHOLE_EVERY));
      checkLogs(repository);
      collect(repository, replayed.keySet());
      checkLeftovers(repository, storage, replayed.keySet());
      if (storage.sampled(PROBED_EVERY)) {
        probe(repository, storage, replayed);
      }
      repository.close();
    } catch (StorageException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private Map<VdiUuid, VolumeState> beforeReplay() {
    Map<VdiUuid, VolumeState> states = new TreeMap<>(volumes);
    intent
        .eclipsed()
        .ifPresent(vdi ->
            states.computeIfPresent(vdi, (uuid, state) -> state.as(VolumeState.Presence.POSSIBLE)));
    return states;
  }

  private void checkLogs(VhdRepository repository) throws StorageException {
    for (Map.Entry<VdiUuid, Set<Optional<RepositoryRig.Log>>> entry : logs.entrySet()) {
      Optional<RepositoryRig.Log> found =
          repository.changedBlocks().orElseThrow().log(entry.getKey()).map(RepositoryRig.Log::of);
      if (!entry.getValue().contains(found)) {
        throw new CrashViolation("the change log of " + entry.getKey() + " is " + found);
      }
    }
  }

  /// @return what must be there now, and nothing else
  private Map<VdiUuid, VolumeState> replay(VhdRepository repository) throws StorageException {
    Map<VdiUuid, VolumeState> after = new TreeMap<>(volumes);
    switch (intent) {
      case Intent.None none -> {}
      case Intent.Create create -> {
        repository.create(create.vdi(), new VolumeSpec(create.sizeBytes(), Kind.VHD));
        certain(after, create.vdi());
      }
      case Intent.Delete delete -> {
        repository.delete(delete.vdi());
        after.remove(delete.vdi());
      }
      case Intent.Snapshot snapshot -> {
        boolean made = repository.snapshots().orElseThrow().recover(snapshot.spec());
        if (made) {
          certain(after, snapshot.spec().snapshot());
        } else {
          after.remove(snapshot.spec().snapshot());
        }
      }
      case Intent.Clone clone -> {
        repository.clones().orElseThrow().clone(clone.spec());
        certain(after, clone.spec().copy());
      }
      case Intent.Revert revert -> {
        repository
            .snapshots()
            .orElseThrow()
            .revert(revert.volume(), revert.snapshot(), revert.displaced());
        after.put(revert.volume(), VolumeState.certain(revert.after()));
      }
      case Intent.Resize resize -> {
        repository.resize(resize.vdi(), resize.sizeBytes());
        after.put(resize.vdi(), VolumeState.certain(resize.after()));
      }
      case Intent.Coalesce coalesce -> {
        if (coalesce.copied()) {
          repository.vhdTree().orElseThrow().resumeFinish(coalesce.spec());
        }
      }
      case Intent.Freeze freeze ->
          repository.vhdTree().orElseThrow().recoverFreeze(freeze.volume(), freeze.base());
      case Intent.Absorb absorb -> {
        if (!repository.vhdTree().orElseThrow().recoverAbsorption(absorb.volume())) {
          throw new CrashViolation("not ended: " + absorb);
        }
      }
    }
    return after;
  }

  private static void certain(Map<VdiUuid, VolumeState> volumes, VdiUuid vdi) {
    volumes.computeIfPresent(vdi, (uuid, state) -> state.as(VolumeState.Presence.CERTAIN));
  }

  /// @param tolerated nodes that may be seen until the operation was replayed
  /// @param everywhere whether to read the volumes in all their bytes
  private static void checkVolumes(
      VhdRepository repository,
      Map<VdiUuid, VolumeState> expected,
      Set<VdiUuid> tolerated,
      boolean everywhere)
      throws IOException, StorageException {
    Set<VdiUuid> present = new HashSet<>();
    for (Volume volume : repository.scan()) {
      boolean going = volume.hidden() && tolerated.contains(volume.uuid());
      if (volume.problem().isPresent() && !going) {
        throw new CrashViolation("volume " + volume.uuid() + ": " + volume.problem().get());
      }
      if (!volume.hidden()) {
        present.add(volume.uuid());
      }
    }
    for (Map.Entry<VdiUuid, VolumeState> entry : expected.entrySet()) {
      if (present.contains(entry.getKey())) {
        try (BlockDevice device = repository.open(entry.getKey(), AccessMode.RO)) {
          DiskModel.checkOne(entry.getValue().alternatives(), device, everywhere);
        } catch (CrashViolation e) {
          throw new CrashViolation("volume " + entry.getKey() + ": " + e.getMessage());
        }
      } else if (entry.getValue().presence() == VolumeState.Presence.CERTAIN) {
        throw new CrashViolation("volume " + entry.getKey() + " is gone");
      }
    }
    present.removeAll(expected.keySet());
    present.removeAll(tolerated);
    if (!present.isEmpty()) {
      throw new CrashViolation("volumes that should not be there: " + present);
    }
  }

  /// Removes bases that nobody needs any more, as a collection does.
  private static void collect(VhdRepository repository, Set<VdiUuid> disks)
      throws StorageException {
    Set<VdiUuid> needed = new HashSet<>();
    List<Volume> nodes = repository.scan();
    nodes.forEach(v -> v.parent().ifPresent(needed::add));
    for (Volume node : nodes) {
      if (node.hidden() && !needed.contains(node.uuid()) && !disks.contains(node.uuid())) {
        repository.delete(node.uuid());
      }
    }
  }

  /// Nothing is left of what was interrupted: no drafts, no bases that nobody needs.
  private void checkLeftovers(
      VhdRepository repository, SimulatedStorage storage, Set<VdiUuid> expected)
      throws StorageException {
    Set<VdiUuid> parents = new HashSet<>();
    Set<String> known = new HashSet<>();
    List<Volume> nodes = repository.scan();
    logs.keySet().forEach(vdi -> known.add(".strata-" + vdi + ".cbt"));
    for (Volume volume : nodes) {
      volume.parent().ifPresent(parents::add);
      known.add(volume.uuid() + ".vhd");
    }
    for (Volume volume : nodes) {
      if (!parents.contains(volume.uuid()) && !expected.contains(volume.uuid())) {
        throw new CrashViolation("base " + volume.uuid() + " is needed by nobody, and still there");
      }
    }
    Optional<String> unknown =
        storage.names().keySet().stream().filter(name -> !known.contains(name)).findFirst();
    if (unknown.isPresent()) {
      throw new CrashViolation("left over: " + unknown.get());
    }
  }

  /// Writes to some volumes that can be written, and checks all.
  private void probe(
      VhdRepository repository, SimulatedStorage storage, Map<VdiUuid, VolumeState> volumes)
      throws IOException, StorageException {
    Map<VdiUuid, VolumeState> settled = new TreeMap<>();
    for (Map.Entry<VdiUuid, VolumeState> entry : volumes.entrySet()) {
      try (BlockDevice device = repository.open(entry.getKey(), AccessMode.RO)) {
        DiskModel disk = only(entry.getValue());
        SectorModel observed = disk.sectors().settled(disk.sectors().observe(device));
        settled.put(entry.getKey(), VolumeState.certain(disk.with(observed)));
      }
    }
    storage.expect(new RepositoryExpectation(settled, logs, new Intent.None(), true));
    Set<VdiUuid> needed = new HashSet<>();
    repository.scan().forEach(v -> v.parent().ifPresent(needed::add));
    byte[] bytes = new byte[SectorModel.SECTOR_BYTES];
    for (VdiUuid vdi :
        volumes.keySet().stream().filter(v -> !needed.contains(v)).limit(MOST_PROBED).toList()) {
      bytes[0]++;
      DiskModel probing =
          only(Optional.ofNullable(settled.get(vdi)).orElseThrow()).writing(0, bytes);
      settled.put(vdi, VolumeState.certain(probing));
      storage.expect(new RepositoryExpectation(settled, logs, new Intent.None(), false));
      try (BlockDevice device = repository.open(vdi, AccessMode.RW)) {
        device.write(0, ByteBuffer.wrap(bytes));
        device.flush();
      }
      settled.put(vdi, VolumeState.certain(probing.flushed()));
      storage.expect(new RepositoryExpectation(settled, logs, new Intent.None(), true));
    }
    checkVolumes(repository, settled, Set.of(), false);
  }

  /// What a volume is once nothing is going on any more.
  private static DiskModel only(VolumeState state) {
    if (state.alternatives().size() != 1) {
      throw new AssertionError("not settled: " + state);
    }
    return state.alternatives().getFirst();
  }
}
