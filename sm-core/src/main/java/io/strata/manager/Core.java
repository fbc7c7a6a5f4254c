// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.catalog.Catalog;
import io.strata.spi.HostUuid;
import io.strata.spi.PbdUuid;
import io.strata.spi.Repository;
import io.strata.spi.SrUuid;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.VhdTree;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;

/// What every collaborator of the manager works with.
record Core(
    Catalog catalog,
    HostUuid host,
    Drivers drivers,
    PluggedSrs plugged,
    Locks locks,
    Claims claims,
    Clock clock,
    Failpoints failpoints) {

  /// Makes an SR one of those at work. Its repository asks the catalog from now on which of its
  /// nodes are disks.
  void plug(SrUuid sr, PbdUuid pbd, Repository repository) {
    repository.vhdTree().ifPresent(tree -> tree.disks(new KnownDisks(catalog, sr)));
    plugged.add(sr, pbd, repository);
  }

  /// The disks of an SR that the catalog knows.
  private record KnownDisks(Catalog catalog, SrUuid sr) implements VhdTree.Disks {
    @Override
    public boolean contains(VdiUuid node) throws StorageException {
      return catalog
          .read(r -> r.findVdi(node))
          .filter(vdi -> vdi.sr().equals(sr) && vdi.holdsDisk())
          .isPresent();
    }

    @Override
    public boolean anyLost() throws StorageException {
      return catalog.read(r -> r.anyMissing(sr));
    }

    @Override
    public List<VdiUuid> children(VdiUuid node) throws StorageException {
      List<VdiUuid> disks = new ArrayList<>();
      for (VdiUuid child : catalog.read(r -> r.children(node))) {
        if (contains(child)) {
          disks.add(child);
        }
      }
      return disks;
    }
  }
}
