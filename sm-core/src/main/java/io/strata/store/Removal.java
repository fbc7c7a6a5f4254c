// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import io.strata.spi.AccessMode;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.Volume.Kind;
import io.strata.vhd.ParentLink;
import io.strata.vhd.VhdInfo;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Optional;

/// Takes volumes away, and with them the hidden nodes that nothing needs any more.
///
/// A VHD first gets its *gone* name, which no list shows. It keeps that until its parent, if that
/// is not needed any more either, has got one too. So whatever the moment of a crash, what is left
/// to do can be read from the names. A node that is a disk stays, though damage made its image say
/// that it is a base; but when a store is attached, nobody has said yet which nodes are disks, and
/// what a crash left to do is done by the images alone.
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
      finish(vdi);
      return;
    }
    Node node = found.get();
    if (node.kind() == Kind.RAW) {
      shelf.store.delete(node.name());
      shelf.store.sync();
      shelf.refresh(vdi);
    } else if (shelf.index().needed(node)) {
      shelf.hide(vdi, true);
    } else {
      toGone(node);
      // Whose child an unreadable one was is for a collection to see, which knows the disks.
      finish(vdi);
    }
  }

  /// Finishes the removal of a VHD that has its gone name, if there is one.
  void finish(VdiUuid vdi) throws IOException {
    Optional<VdiUuid> next = Optional.of(vdi);
    while (next.isPresent()) {
      String gone = VolumeName.gone(next.get());
      if (!shelf.store.exists(gone)) {
        return;
      }
      Optional<VhdInfo> info = shelf.info(gone);
      boolean stillNamed = info.flatMap(i -> shelf.index().resolve(i.uuid())).isPresent();
      next = stillNamed ? Optional.empty() : uselessParent(info);
      if (next.isPresent()) {
        toGone(shelf.index().find(next.get()).orElseThrow());
      }
      // No barrier: a gone name that comes back after a crash is finished when the SR is attached.
      shelf.store.delete(gone);
    }
  }

  private void toGone(Node node) throws IOException {
    shelf.store.replace(node.name(), VolumeName.gone(node.vdi()));
    // Barrier: the removal is known before anything of it is final.
    shelf.store.sync();
    shelf.refresh(node.vdi());
  }

  private Optional<VdiUuid> uselessParent(Optional<VhdInfo> child) {
    Optional<Node> parent =
        child
            .flatMap(VhdInfo::parent)
            .map(ParentLink::uuid)
            .flatMap(shelf.index()::resolve)
            .filter(n -> n.hidden() && !shelf.index().needed(n) && !shelf.mayBeDisk(n.vdi()));
    return parent.filter(n -> mayRemove(n)).map(Node::vdi);
  }

  /// A VHD that can't be read, or whose parent can't be found, may depend on any node.
  private boolean mayRemove(Node orphan) {
    if (shelf.index().unreadable().isEmpty()) {
      return true;
    }
    LOG.log(
        Level.WARNING,
        "Base "
            + orphan.vdi()
            + " is kept: "
            + shelf.index().unreadable().getFirst().name()
            + " or its parent can't be read and may depend on it");
    return false;
  }

  /// @param volume put back to the content of `snapshot`
  /// @param displaced name for the volume's old VHD, where others need it
  void revert(VdiUuid volume, VdiUuid snapshot, VdiUuid displaced)
      throws IOException, StorageException {
    new Reverting(shelf, volume, snapshot, displaced).run();
  }
}
