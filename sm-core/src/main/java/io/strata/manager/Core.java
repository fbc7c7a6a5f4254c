// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.catalog.Catalog;
import io.strata.spi.HostUuid;
import io.strata.spi.PbdUuid;
import io.strata.spi.Repository;
import io.strata.spi.SrUuid;
import java.time.Clock;

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
    repository
        .vhdTree()
        .ifPresent(tree ->
            tree.disks(node ->
                catalog
                    .read(r -> r.findVdi(node))
                    .filter(vdi -> vdi.sr().equals(sr) && vdi.holdsDisk())
                    .isPresent()));
    plugged.add(sr, pbd, repository);
  }
}
