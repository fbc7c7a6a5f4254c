// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import io.strata.block.Container;
import io.strata.spi.ErrorCode;
import io.strata.spi.Replacement;
import io.strata.spi.Snapshots.SnapshotSpec;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.vhd.VhdChain;
import io.strata.vhd.VhdCreator;
import io.strata.vhd.VhdInfo;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/// Makes two volumes of one: what snapshots and clones have in common.
///
/// The source's VHD gets the base's name and is not written any more; the source and the new volume
/// become empty differencing children of it. In steps, with V the source, S the new volume and B
/// the base:
///
/// | step | names after it | after a crash |
/// |---|---|---|
/// | drafts of V and S, flushed | V | as if nothing happened |
/// | link V to B, *barrier* | V, B: one VHD | V's draft is made anew and put in place |
/// | V's draft replaces V | V over B | S is made over B by `recover` |
/// | S's draft becomes S, *barrier* | V and S over B | B is hidden by `recover` |
/// | the open device moves from B to V | | |
/// | what it wrote to B before is made durable, *barrier* | | |
/// | B is hidden | done | |
///
/// In each of them V opens with the right content. What is open for writing writes to B until it
/// moves, which V shows all the same, since it is empty until then. The move needs no I/O: writes
/// to V are not vouched for by a flush before those to B are durable, and V has its name for long.
///
/// Where V is not open for writing and its VHD holds nothing of its own, S becomes a child of V's
/// parent, and no base is made.
final class Branching {
  private final VolumeShelf shelf;

  Branching(VolumeShelf shelf) {
    this.shelf = shelf;
  }

  /// Makes the new images, and gives them their names. A volume that is open for writing goes on
  /// with its VHD, which is the base's then.
  ///
  /// @param refusal the number for volumes that can't be branched
  Branch prepare(Fork spec, ErrorCode refusal) throws IOException, StorageException {
    if (spec.added().isPresent() && recover(spec)) {
      return new Branch(spec, Way.DONE, Optional.empty());
    }
    Node source = shelf.requireVhd(spec.source(), refusal);
    if (source.hidden() && shelf.index().needed(source)) {
      throw new StorageException(
          ErrorCode.VDI_UNAVAILABLE,
          "VDI " + spec.source() + " is the hidden base of others.",
          "Choose one of the VDIs that depend on it.");
    }
    shelf.cancelMerges(spec.source());
    Optional<OpenVolume> writer = shelf.open.writer(spec.source());
    if (writer.isPresent() && !(writer.get().below() instanceof VhdChain)) {
      throw OpenVolumes.inUse(spec.source(), "was merged, and the merge could not be ended");
    }
    if (writer.isEmpty() && spec.added().isPresent() && draftBeside(source, spec)) {
      return new Branch(spec, Way.BESIDE, Optional.empty());
    }
    shelf.requireUuidOfItsOwn(source);
    String baseName = VolumeName.vhd(spec.base());
    Map<VdiUuid, VolumeShelf.Draft> drafts = new LinkedHashMap<>();
    for (VdiUuid child : spec.children()) {
      drafts.put(
          child,
          writer.isPresent() && writer.get().below() instanceof VhdChain chain
              ? c -> chain.createChild(c, UUID.randomUUID(), baseName)
              : shelf.over(source, baseName));
    }
    shelf.drafts(drafts);
    try {
      shelf.store.link(VolumeName.vhd(spec.source()), VolumeName.vhd(spec.base()));
      // Barrier: the content has a second name before it loses the first.
      shelf.store.sync();
      shelf.refresh(spec.base());
      for (VdiUuid child : spec.children()) {
        shelf.publish(child);
      }
      // Barrier: what is written to the source's new VHD is in the one that its name means.
      shelf.store.sync();
      return new Branch(
          spec, Way.OVER_BASE, writer.isPresent() ? topOf(writer.get()) : Optional.empty());
    } catch (IOException | RuntimeException failed) {
      takeBack(spec, failed);
      throw failed;
    }
  }

  /// Opens the source's new VHD, to be put on top of its open chain.
  private Optional<Top> topOf(OpenVolume writer) throws IOException {
    if (!(writer.below() instanceof VhdChain chain)) {
      return Optional.empty();
    }
    Container container = shelf.store.open(VolumeName.vhd(writer.vdi()), true);
    try {
      return Optional.of(new Top(writer, chain, chain.openChild(container)));
    } catch (IOException | RuntimeException failed) {
      container.close();
      throw failed;
    }
  }

  /// An open volume, and the image that its chain is to get on top.
  private record Top(OpenVolume writer, VhdChain chain, VhdChain.Child child) {}

  /// Gives the source its VHD back. If that fails too, the open device must not write on, since the
  /// new volume may depend on what it would write to: it is closed.
  private void takeBack(Fork spec, Exception failed) {
    try {
      takeBack(spec);
    } catch (IOException | RuntimeException alsoFailed) {
      failed.addSuppressed(alsoFailed);
      shelf.open.writer(spec.source()).ifPresent(w -> closeQuietly(w, failed));
    }
  }

  private static void closeQuietly(OpenVolume writer, Exception failed) {
    try {
      writer.below().close();
    } catch (IOException alsoFailed) {
      failed.addSuppressed(alsoFailed);
    }
  }

  private void takeBack(Fork spec) throws IOException {
    Optional<Node> source = shelf.refresh(spec.source());
    Optional<Node> base = shelf.refresh(spec.base());
    if (base.isPresent()) {
      if (spec.added().isPresent()) {
        shelf.store.delete(VolumeName.vhd(spec.requireAdded()));
        shelf.refresh(spec.requireAdded());
      }
      if (source.isPresent() && !source.get().sameVhd(base.get())) {
        shelf.store.replace(VolumeName.vhd(spec.base()), VolumeName.vhd(spec.source()));
        shelf.refresh(spec.source());
      }
    }
    forgetBase(spec);
  }

  /// What becomes of a volume.
  ///
  /// @param source the volume, which keeps its identity
  /// @param added the volume that is made beside it; none where it is only frozen
  /// @param base the hidden node that gets the source's VHD
  record Fork(VdiUuid source, Optional<VdiUuid> added, VdiUuid base) {
    static Fork of(SnapshotSpec spec) {
      return new Fork(spec.source(), Optional.of(spec.snapshot()), spec.base());
    }

    VdiUuid requireAdded() {
      return added.orElseThrow();
    }

    List<VdiUuid> children() {
      return added.map(a -> List.of(source, a)).orElseGet(() -> List.of(source));
    }
  }

  /// How a branch comes about.
  private enum Way {
    DONE,
    BESIDE,
    OVER_BASE
  }

  /// Drafts the new volume as the source's sibling, if the source has nothing of its own.
  private boolean draftBeside(Node source, Fork spec) throws IOException {
    List<VhdInfo> infos;
    try (VhdChain chain = shelf.openChain(source, false)) {
      if (!chain.leafEmpty()) {
        return false;
      }
      infos = chain.infos();
    }
    if (infos.size() == 1) {
      shelf.draft(
          spec.requireAdded(),
          c -> VhdCreator.dynamic(c, UUID.randomUUID(), infos.getFirst().sizeBytes()));
      return true;
    }
    Optional<Node> parent = shelf.index().resolve(infos.get(1).uuid());
    if (parent.isEmpty() || infos.get(1).sizeBytes() != source.sizeBytes()) {
      return false;
    }
    shelf.drafts(Map.of(spec.requireAdded(), shelf.over(parent.get(), parent.get().name())));
    return true;
  }

  /// Brings an interrupted branch to its end, once there is a base; else removes its traces.
  ///
  /// @return whether the new volume exists now
  boolean recover(Fork spec) throws IOException {
    shelf.cancelMerges(spec.base());
    Optional<Node> source = shelf.readable(spec.source());
    Optional<Node> base = shelf.readable(spec.base());
    VdiUuid added = spec.requireAdded();
    Optional<Node> made = shelf.refresh(added);
    if (base.isEmpty()) {
      dropDrafts(spec);
      return made.isPresent();
    }
    if (source.isPresent() && source.get().sameVhd(base.get())) {
      if (made.isEmpty() && shelf.open.writer(spec.source()).isPresent()) {
        forgetBase(spec);
        return false;
      }
      shelf.draftOver(spec.source(), base.get(), base.get().name());
      shelf.publish(spec.source());
      // Barrier: the source does not write to the base any more before anything else relies on it.
      shelf.store.sync();
    }
    if (made.isEmpty()) {
      shelf.draftOver(added, base.get(), base.get().name());
      shelf.publish(added);
    }
    dropDrafts(spec);
    shelf.store.sync();
    shelf.hide(spec.base(), true);
    return true;
  }

  private void dropDrafts(Fork spec) throws IOException {
    for (VdiUuid child : spec.children()) {
      shelf.dropDraft(child);
    }
  }

  private void forgetBase(Fork spec) throws IOException {
    shelf.store.delete(VolumeName.vhd(spec.base()));
    shelf.refresh(spec.base());
    dropDrafts(spec);
    shelf.store.sync();
  }

  /// A branch whose images are there.
  final class Branch {
    private final Fork spec;
    private final Way way;
    private final Optional<Top> top;
    private Optional<VhdChain> moved = Optional.empty();
    private boolean committed;

    private Branch(Fork spec, Way way, Optional<Top> top) {
      this.spec = spec;
      this.way = way;
      this.top = top;
    }

    Replacement commit() throws IOException {
      Replacement replacement =
          switch (way) {
            case DONE -> Replacement.none();
            case BESIDE -> {
              shelf.publish(spec.requireAdded());
              shelf.store.sync();
              yield Replacement.none();
            }
            case OVER_BASE -> move();
          };
      committed = true;
      return replacement;
    }

    /// Puts the source's new VHD on top of its open chain.
    private Replacement move() throws IOException {
      if (top.isEmpty()) {
        return Replacement.none();
      }
      OpenVolume writer = top.get().writer();
      VhdChain next = top.get().chain().withChild(top.get().child());
      moved = Optional.of(next);
      return Replacement.of(shelf.open.exchange(writer, next));
    }

    /// Makes durable what was written before the commit. The guest goes on meanwhile.
    void settle() throws IOException {
      if (moved.isPresent()) {
        moved.get().settle();
      }
    }

    /// The last step: without it the base shows as a disk. What fails is done once more, from its
    /// first write on.
    void release() throws IOException {
      if (way != Way.OVER_BASE) {
        return;
      }
      shelf.hideOrTryAgain(spec.base(), true);
    }

    /// Forgets what was prepared, unless it was committed.
    void abandon() throws IOException {
      if (committed || way == Way.DONE) {
        return;
      }
      if (way == Way.BESIDE) {
        dropDrafts(spec);
        return;
      }
      if (top.isPresent()) {
        top.get().child().close();
      }
      try {
        takeBack(spec);
      } catch (IOException | RuntimeException failed) {
        shelf.open.writer(spec.source()).ifPresent(w -> closeQuietly(w, failed));
        throw failed;
      }
    }
  }
}
