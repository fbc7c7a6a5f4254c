// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import io.strata.spi.AccessMode;
import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.vhd.VhdInfo;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/// Puts a volume back to the content of a snapshot.
///
/// The volume becomes an empty differencing child of the snapshot. With V the volume, N its new VHD
/// and O the old one:
///
/// | step | names after it | a replay |
/// |---|---|---|
/// | draft of V over the snapshot, flushed | V: O | begins anew |
/// | O gets a second name, *barrier* | V: O, displaced or gone: O | goes on here |
/// | the draft replaces V, *barrier* | V: N, displaced or gone: O | goes on here |
/// | displaced: O is hidden; gone: O is removed | V: N | does that again |
///
/// The second name is that of the displaced node where other volumes need O. Which step was reached
/// is told by that name alone: whether others need O can't be asked any more once O has two names.
final class Reverting {
  private final VolumeShelf shelf;
  private final VdiUuid volume;
  private final VdiUuid snapshot;
  private final VdiUuid displaced;

  Reverting(VolumeShelf shelf, VdiUuid volume, VdiUuid snapshot, VdiUuid displaced) {
    this.shelf = shelf;
    this.volume = volume;
    this.snapshot = snapshot;
    this.displaced = displaced;
  }

  void run() throws IOException, StorageException {
    shelf.open.requireFree(volume, AccessMode.RW);
    shelf.cancelMerges(volume);
    shelf.cancelMerges(snapshot);
    dropFormer();
    Node old = shelf.requireVhd(volume, ErrorCode.VDI_SNAPSHOT);
    Optional<Node> kept = shelf.readable(displaced);
    if (kept.isEmpty() || kept.get().sameVhd(old)) {
      Node source = shelf.requireVhd(snapshot, ErrorCode.VDI_SNAPSHOT);
      shelf.requireUuidOfItsOwn(source);
      boolean needed = kept.isPresent() || shelf.index().needed(old);
      shelf.drafts(Map.of(volume, shelf.over(source, source.name())));
      exchange(old, needed ? VolumeName.vhd(displaced) : VolumeName.gone(volume));
    }
    if (shelf.refresh(displaced).isPresent()) {
      shelf.hide(displaced, true);
    }
    dropFormer();
  }

  /// Removes the old content under the name that shows in no list. What it alone needed is for a
  /// collection.
  private void dropFormer() throws IOException {
    // No barrier: a name that comes back after a crash is dropped when the SR is attached.
    shelf.store.delete(VolumeName.gone(volume));
  }

  private void exchange(Node old, String secondName) throws IOException {
    try {
      if (!shelf.store.exists(secondName)) {
        shelf.store.link(old.name(), secondName);
      }
      // Barrier: the old content has another name before it loses this one.
      shelf.store.sync();
      shelf.publish(volume);
      // Barrier: the volume has its new content before the old one is hidden or goes.
      shelf.store.sync();
    } catch (IOException | RuntimeException failed) {
      undo(secondName, failed);
      throw failed;
    }
  }

  /// The old content has its name still, or again: the second one goes.
  private void undo(String secondName, Exception failed) {
    try {
      Optional<UUID> now = shelf.refresh(volume).flatMap(Node::uuid);
      Optional<UUID> second = shelf.info(secondName).map(VhdInfo::uuid);
      if (second.isPresent() && !second.equals(now)) {
        shelf.store.replace(secondName, VolumeName.vhd(volume));
      } else {
        shelf.store.delete(secondName);
      }
      shelf.store.delete(VolumeName.draft(volume));
      shelf.store.sync();
      shelf.refresh(volume);
      shelf.refresh(displaced);
    } catch (IOException | RuntimeException alsoFailed) {
      failed.addSuppressed(alsoFailed);
    }
  }
}
