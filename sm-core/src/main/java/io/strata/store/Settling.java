// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import io.strata.spi.VdiUuid;
import io.strata.vhd.ParentLink;
import io.strata.vhd.VhdInfo;
import java.io.IOException;
import java.util.Optional;

/// Brings names that a crash left in between to a valid state, when a store is attached.
final class Settling {
  private final VolumeShelf shelf;

  Settling(VolumeShelf shelf) {
    this.shelf = shelf;
  }

  void run() throws IOException {
    for (String text : shelf.store.names()) {
      Optional<VolumeName> name = VolumeName.parse(text);
      if (name.isPresent() && name.get().role() == VolumeName.Role.DRAFT) {
        settleDraft(name.get().vdi());
      } else if (name.isPresent() && name.get().role() == VolumeName.Role.GONE) {
        shelf.store.delete(text);
      }
    }
  }

  /// Drops a draft, with three exceptions. Where its volume's VHD has got the base's name already,
  /// others may depend on that VHD, so the volume must not write to it any more. Where it is the
  /// parent of its volume's VHD, it has taken up what that holds. And where it may be that parent,
  /// it stays for the next time: see [VolumeShelf#dropDraft].
  void settleDraft(VdiUuid vdi) throws IOException {
    if (LeafAbsorption.recover(shelf, vdi)) {
      return;
    }
    Optional<VhdInfo> draft = shelf.info(VolumeName.draft(vdi));
    Optional<ParentLink> parent = draft.flatMap(VhdInfo::parent);
    Optional<Node> volume = shelf.index().find(vdi);
    Optional<Node> base =
        parent
            .map(ParentLink::name)
            .flatMap(VolumeName::parse)
            .filter(VolumeName::isVolume)
            .map(VolumeName::vdi)
            .flatMap(shelf.index()::find);
    boolean linked =
        volume.isPresent()
            && base.isPresent()
            && !base.get().vdi().equals(vdi)
            && volume.get().sameVhd(base.get())
            && base.get().uuid().equals(parent.map(ParentLink::uuid));
    if (!linked) {
      shelf.dropDraft(vdi);
      return;
    }
    // Anew: what is there may be an older one, never flushed, whose removal the crash undid.
    shelf.draftOver(vdi, base.get(), base.get().name());
    shelf.publish(vdi);
    shelf.store.sync();
    shelf.hide(base.get().vdi(), true);
  }
}
