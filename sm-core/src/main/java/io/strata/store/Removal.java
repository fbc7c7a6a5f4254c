// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import io.strata.spi.AccessMode;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.Volume.Kind;
import io.strata.vhd.ParentLink;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Optional;

/// Takes volumes away, and with them the hidden nodes that nothing needs any more.
///
/// From the child up, each durably before the next: whatever the moment of a crash, nothing lacks
/// its parent. Hidden nodes that a crash left needed by nobody are for a collection. A node that is
/// a disk stays, though damage made its image say that it is a base.
final class Removal {
  private static final Logger LOG = System.getLogger(Removal.class.getName());

  private final VolumeShelf shelf;

  Removal(VolumeShelf shelf) {
    this.shelf = shelf;
  }

  void delete(VdiUuid vdi) throws IOException, StorageException {
    shelf.cancelMerges(vdi);
    shelf.open.requireFree(vdi, AccessMode.RW);
    Optional<Node> found = shelf.refresh(vdi);
    if (found.isEmpty()) {
      return;
    }
    if (shelf.index().needed(found.get())) {
      shelf.requireUuidOfItsOwn(found.get());
      shelf.hide(vdi, true);
      return;
    }
    if (found.get().kind() == Kind.VHD
        && found.get().problem().isEmpty()
        && shelf.awaited(vdi, vdi)) {
      LOG.log(Level.WARNING, "VDI {0} stays as a base: a disk that is not found needs it", vdi);
      shelf.hide(vdi, true);
      return;
    }
    Optional<Node> next = found;
    while (next.isPresent()) {
      Node node = next.get();
      shelf.store.delete(node.name());
      // Barrier: a VHD is gone for good before what it reads from goes, now or in a later removal.
      shelf.store.sync();
      shelf.refresh(node.vdi());
      // Whose child an unreadable one was is for a collection to see.
      next = useless(node.parent(), vdi);
    }
  }

  private Optional<Node> useless(Optional<ParentLink> parent, VdiUuid going) {
    return parent
        .map(ParentLink::uuid)
        .flatMap(shelf.index()::resolve)
        .filter(n -> n.hidden() && !shelf.index().needed(n) && !shelf.mayBeDisk(n.vdi()))
        .filter(n -> mayRemove(n, going));
  }

  private boolean mayRemove(Node orphan, VdiUuid going) {
    Optional<String> doubt = shelf.doubt(orphan.vdi(), going);
    doubt.ifPresent(
        why -> LOG.log(Level.WARNING, "Base {0} is kept: {1}", orphan.vdi().toString(), why));
    return doubt.isEmpty();
  }
}
