// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.catalog.Catalog;
import io.strata.catalog.VdiRecord;
import io.strata.spi.Clones;
import io.strata.spi.ErrorCode;
import io.strata.spi.Repository;
import io.strata.spi.Snapshots;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.Volume;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// What an operation on volumes means for the catalog. The storage is asked first, outside the
/// transaction; a first run and a replay use the same.
final class VolumeResults {
  private final Core core;

  VolumeResults(Core core) {
    this.core = core;
  }

  static Snapshots snapshots(Repository repository) throws StorageException {
    return repository.snapshots().orElseThrow(() -> unable("snapshots"));
  }

  static Clones clones(Repository repository) throws StorageException {
    return repository.clones().orElseThrow(() -> unable("clones"));
  }

  private static StorageException unable(String what) {
    return new StorageException(
        ErrorCode.UNIMPLEMENTED,
        "This SR's storage can't make " + what + ".",
        "Copy the disk with vdi-copy, or use an SR of another type.");
  }

  /// A new VDI, and the nodes whose place in the tree it changed: with them what depended on them,
  /// since a base may have what a disk held before.
  Catalog.Change added(Repository repository, VdiRecord vdi, List<VdiUuid> touched)
      throws StorageException {
    Volume volume = require(repository, vdi.uuid());
    Catalog.Change others = observed(repository, vdi.sr(), withChildren(touched));
    return w -> {
      w.insertVdi(vdi);
      w.observeVdi(volume);
      others.apply(w);
    };
  }

  private List<VdiUuid> withChildren(List<VdiUuid> nodes) throws StorageException {
    Set<VdiUuid> all = new LinkedHashSet<>(nodes);
    for (VdiUuid node : nodes) {
      all.addAll(core.catalog().read(r -> r.children(node)));
    }
    return List.copyOf(all);
  }

  /// A VDI that was changed on the storage.
  Catalog.Change observed(Repository repository, SrUuid sr, VdiUuid vdi) throws StorageException {
    Volume volume = require(repository, vdi);
    return w -> Reconciler.observe(w, sr, vdi, Optional.of(volume));
  }

  /// Nodes that were changed or removed on the storage.
  Catalog.Change observed(Repository repository, SrUuid sr, List<VdiUuid> touched)
      throws StorageException {
    Map<VdiUuid, Optional<Volume>> nodes = look(repository, touched);
    return w -> {
      for (Map.Entry<VdiUuid, Optional<Volume>> node : nodes.entrySet()) {
        Reconciler.observe(w, sr, node.getKey(), node.getValue());
      }
    };
  }

  /// A VDI that was deleted on the storage, with the hidden nodes that went with it. It may stay as
  /// a hidden node itself.
  Catalog.Change removed(Repository repository, SrUuid sr, VdiUuid vdi) throws StorageException {
    Optional<Volume> rest = repository.volume(vdi);
    Map<VdiUuid, Optional<Volume>> above = removedAbove(repository, vdi);
    return w -> {
      if (rest.isEmpty()) {
        w.deleteVdi(vdi);
      } else {
        w.observeVdi(rest.get());
      }
      for (Map.Entry<VdiUuid, Optional<Volume>> node : above.entrySet()) {
        Reconciler.observe(w, sr, node.getKey(), node.getValue());
      }
    };
  }

  /// A snapshot whose data were deleted on the storage, while its record stays.
  Catalog.Change dataRemoved(Repository repository, SrUuid sr, VdiUuid vdi)
      throws StorageException {
    Map<VdiUuid, Optional<Volume>> above = removedAbove(repository, vdi);
    return w -> {
      w.setVdiDataGone(vdi);
      for (Map.Entry<VdiUuid, Optional<Volume>> node : above.entrySet()) {
        Reconciler.observe(w, sr, node.getKey(), node.getValue());
      }
    };
  }

  /// The hidden nodes above a VDI that went with it, and the first that did not. A node only goes
  /// when the one below it has gone, so nothing further up has changed.
  private Map<VdiUuid, Optional<Volume>> removedAbove(Repository repository, VdiUuid vdi)
      throws StorageException {
    Map<VdiUuid, Optional<Volume>> seen = new LinkedHashMap<>();
    Optional<VdiUuid> next = parent(vdi);
    while (next.isPresent() && !seen.containsKey(next.get())) {
      Optional<Volume> volume = repository.volume(next.get());
      seen.put(next.get(), volume);
      next = volume.isPresent() ? Optional.empty() : parent(next.get());
    }
    return seen;
  }

  private Optional<VdiUuid> parent(VdiUuid vdi) throws StorageException {
    return core.catalog().read(r -> r.findVdi(vdi)).flatMap(VdiRecord::parent);
  }

  private static Map<VdiUuid, Optional<Volume>> look(Repository repository, List<VdiUuid> nodes)
      throws StorageException {
    Map<VdiUuid, Optional<Volume>> seen = new LinkedHashMap<>();
    for (VdiUuid node : nodes) {
      seen.put(node, repository.volume(node));
    }
    return seen;
  }

  private static Volume require(Repository repository, VdiUuid vdi) throws StorageException {
    return repository
        .volume(vdi)
        .orElseThrow(() ->
            new StorageException(
                ErrorCode.VDI_MISSING,
                "The storage holds no volume " + vdi + ".",
                "Run sr-scan to see what is there."));
  }
}
