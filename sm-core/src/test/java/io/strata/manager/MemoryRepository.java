// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.block.BlockDevice;
import io.strata.spi.AccessMode;
import io.strata.spi.Clones;
import io.strata.spi.ErrorCode;
import io.strata.spi.MetadataArea;
import io.strata.spi.Replacement;
import io.strata.spi.Repository;
import io.strata.spi.Snapshots;
import io.strata.spi.SpaceStat;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.Volume;
import io.strata.spi.VolumeSpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Copy-on-write chains in memory, with the shape that a VHD store has: a snapshot makes the leaf a
/// hidden base with two children.
final class MemoryRepository implements Repository, Snapshots, Clones {
  private final MemoryStorage storage;
  private final MemoryStorage.Place place;
  private final Faults faults;
  private final Map<VdiUuid, MemoryDisk> writers = new HashMap<>();

  MemoryRepository(MemoryStorage storage, MemoryStorage.Place place, Faults faults) {
    this.storage = storage;
    this.place = place;
    this.faults = faults;
  }

  @Override
  public SpaceStat stat() {
    synchronized (storage) {
      return new SpaceStat(place.totalBytes, place.totalBytes - used());
    }
  }

  private long used() {
    return place.nodes.values().stream()
        .mapToLong(node -> (long) node.pages.size() * MemoryStorage.PAGE_BYTES)
        .sum();
  }

  @Override
  public List<Volume> scan() throws StorageException {
    faults.before("scan");
    synchronized (storage) {
      List<Volume> volumes = new ArrayList<>();
      place.nodes.values().forEach(node -> volumes.add(volume(node)));
      return volumes;
    }
  }

  private static Volume volume(MemoryStorage.Node node) {
    return new Volume(
        node.uuid,
        Volume.Kind.VHD,
        node.sizeBytes,
        (long) node.pages.size() * MemoryStorage.PAGE_BYTES,
        node.hidden,
        node.parent,
        "",
        Optional.empty());
  }

  @Override
  public Volume create(VdiUuid vdi, VolumeSpec spec) throws StorageException {
    faults.before("create");
    synchronized (storage) {
      MemoryStorage.Node node =
          place.nodes.computeIfAbsent(vdi, v -> new MemoryStorage.Node(v, spec.sizeBytes()));
      return volume(node);
    }
  }

  @Override
  public void delete(VdiUuid vdi) throws StorageException {
    faults.before("delete");
    synchronized (storage) {
      MemoryStorage.Node node = place.nodes.get(vdi);
      if (node == null) {
        return;
      }
      node.hidden = true;
      collect();
    }
  }

  private void collect() {
    boolean removed = true;
    while (removed) {
      removed = place.nodes.values().removeIf(node -> node.hidden && children(node.uuid).isEmpty());
    }
  }

  private List<MemoryStorage.Node> children(VdiUuid parent) {
    return place.nodes.values().stream()
        .filter(node -> node.parent.equals(Optional.of(parent)))
        .toList();
  }

  @Override
  public BlockDevice open(VdiUuid vdi, AccessMode mode) throws StorageException {
    faults.before("open");
    synchronized (storage) {
      MemoryStorage.Node node = require(vdi);
      if (mode == AccessMode.RO) {
        return new MemoryDisk(storage, place, node, true, () -> {});
      }
      if (node.writers > 0) {
        throw new StorageException(
            ErrorCode.VDI_IN_USE, "Volume " + vdi + " has a writer.", "Close it.");
      }
      node.writers++;
      MemoryDisk disk = new MemoryDisk(storage, place, node, false, () -> node.writers--);
      writers.put(vdi, disk);
      return disk;
    }
  }

  private MemoryStorage.Node require(VdiUuid vdi) throws StorageException {
    MemoryStorage.Node node = place.nodes.get(vdi);
    if (node == null || node.hidden) {
      throw new StorageException(ErrorCode.VDI_MISSING, "No volume " + vdi + ".", "Scan.");
    }
    return node;
  }

  @Override
  public Replacement resize(VdiUuid vdi, long sizeBytes) throws StorageException {
    faults.before("resize");
    synchronized (storage) {
      MemoryStorage.Node node = require(vdi);
      node.sizeBytes = Math.max(node.sizeBytes, sizeBytes);
      return replacement(vdi, node);
    }
  }

  /// Kills the writer, if there is one, and gives its successor.
  private Replacement replacement(VdiUuid vdi, MemoryStorage.Node leaf) {
    MemoryDisk old = writers.get(vdi);
    if (old == null || !old.isOpen()) {
      return Replacement.none();
    }
    old.kill();
    leaf.writers = 1;
    MemoryDisk next = new MemoryDisk(storage, place, leaf, false, () -> leaf.writers--);
    writers.put(vdi, next);
    return Replacement.of(next);
  }

  @Override
  public Optional<Snapshots> snapshots() {
    return Optional.of(this);
  }

  @Override
  public Optional<Clones> clones() {
    return Optional.of(this);
  }

  @Override
  public Prepared prepare(SnapshotSpec spec) throws StorageException {
    faults.before("prepare");
    return new Prepared() {
      @Override
      public Replacement commit() throws StorageException {
        faults.before("commit");
        synchronized (storage) {
          MemoryStorage.Node leaf = split(spec.source(), spec.snapshot(), spec.base());
          return replacement(spec.source(), leaf);
        }
      }

      @Override
      public void abandon() {}
    };
  }

  /// Makes the source a hidden base with two children.
  private MemoryStorage.Node split(VdiUuid source, VdiUuid other, VdiUuid base)
      throws StorageException {
    if (place.nodes.containsKey(other)) {
      return require(source);
    }
    MemoryStorage.Node old = require(source);
    place.nodes.remove(source);
    MemoryStorage.Node shared = new MemoryStorage.Node(base, old.sizeBytes);
    shared.hidden = true;
    shared.parent = old.parent;
    shared.pages.putAll(old.pages);
    place.nodes.put(base, shared);
    MemoryStorage.Node leaf = child(source, shared);
    child(other, shared);
    return leaf;
  }

  private MemoryStorage.Node child(VdiUuid uuid, MemoryStorage.Node parent) {
    MemoryStorage.Node node = new MemoryStorage.Node(uuid, parent.sizeBytes);
    node.parent = Optional.of(parent.uuid);
    place.nodes.put(uuid, node);
    return node;
  }

  @Override
  public boolean recover(SnapshotSpec spec) throws StorageException {
    faults.before("recover");
    synchronized (storage) {
      return place.nodes.containsKey(spec.snapshot());
    }
  }

  @Override
  public void revert(VdiUuid volume, VdiUuid snapshot, VdiUuid displaced) throws StorageException {
    faults.before("revert");
    synchronized (storage) {
      MemoryStorage.Node from = require(snapshot);
      place.nodes.remove(volume);
      MemoryStorage.Node fresh = new MemoryStorage.Node(volume, from.sizeBytes);
      fresh.parent = from.parent;
      fresh.pages.putAll(from.pages);
      place.nodes.put(volume, fresh);
    }
  }

  @Override
  public void clone(CloneSpec spec) throws StorageException {
    faults.before("clone");
    synchronized (storage) {
      split(spec.source(), spec.copy(), spec.base());
    }
  }

  @Override
  public MetadataArea metadata() {
    return new MetadataArea() {
      @Override
      public Optional<byte[]> read() {
        synchronized (storage) {
          return place.metadata.length == 0
              ? Optional.empty()
              : Optional.of(place.metadata.clone());
        }
      }

      @Override
      public void write(byte[] content) throws StorageException {
        faults.before("metadata.write");
        place.metadataGate.acquireUninterruptibly();
        place.metadataGate.release();
        synchronized (storage) {
          place.metadata = content.clone();
        }
      }
    };
  }

  @Override
  public void close() throws StorageException {
    faults.before("close");
    synchronized (storage) {
      place.attached = false;
    }
  }
}
