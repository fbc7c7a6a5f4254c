// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import io.strata.spi.ErrorCode;
import io.strata.spi.Replacement;
import io.strata.spi.Snapshots.Prepared;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.VhdTree;
import io.strata.spi.Volume;
import io.strata.vhd.MirroredLeaf;
import io.strata.vhd.ParentLink;
import io.strata.vhd.VhdChain;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Optional;

/// The VHD nodes of a store, and the ways to make chains shorter.
final class VhdNodes implements VhdTree {
  private static final Logger LOG = System.getLogger(VhdNodes.class.getName());

  private static final Prepared NOTHING_TO_REFRESH =
      new Prepared() {
        @Override
        public Replacement commit() {
          return Replacement.none();
        }

        @Override
        public void abandon() {}
      };

  private final VhdRepository repository;
  private final VolumeShelf shelf;

  VhdNodes(VhdRepository repository, VolumeShelf shelf) {
    this.repository = repository;
    this.shelf = shelf;
  }

  @Override
  public void disks(Disks known) {
    shelf.disks(known);
  }

  @Override
  public List<Volume> nodes() throws StorageException {
    return repository.scan();
  }

  @Override
  public boolean unhide(VdiUuid volume) throws StorageException {
    return repository.locked(
        "The hidden flag of VDI " + volume + " can't be cleared",
        () -> {
          Node node = shelf.require(volume);
          boolean clear =
              node.hidden()
                  && !shelf.open.isOpen(volume)
                  && shelf.index().othersOfItsUuid(node).isEmpty()
                  && shelf.index().unreadable().isEmpty();
          if (clear) {
            shelf.cancelMerges(volume);
            shelf.hide(volume, false);
          }
          return clear || !node.hidden();
        });
  }

  @Override
  public Merge merge(MergeSpec spec) throws StorageException {
    return repository.locked(
        "The run of VDI " + spec.survivor() + " can't be merged",
        () -> {
          shelf.requireUnused(spec.run(), Optional.empty());
          RunMerge merge = RunMerge.open(repository, shelf, spec);
          shelf.merges.add(merge);
          return merge;
        });
  }

  @Override
  public void resumeFinish(MergeSpec spec) throws StorageException {
    repository.locked(
        "The merge of VDI " + spec.survivor() + " can't be finished",
        () -> {
          RunMerge.resumeFinish(repository, shelf, spec);
          return spec;
        });
  }

  @Override
  public Prepared prepareFreeze(VdiUuid volume, VdiUuid base) throws StorageException {
    String failure = "VDI " + volume + " can't be frozen";
    return new PreparedBranch(
        repository,
        repository.locked(
            failure,
            () -> {
              requireWriter(volume);
              return new Branching(shelf)
                  .prepare(
                      new Branching.Fork(volume, Optional.empty(), base),
                      ErrorCode.VDI_UNAVAILABLE);
            }),
        failure);
  }

  @Override
  public void recoverFreeze(VdiUuid volume, VdiUuid base) throws StorageException {
    repository.locked(
        "The freeze of VDI " + volume + " can't be finished",
        () -> {
          Optional<Node> top = shelf.readable(volume);
          Optional<Node> below = shelf.readable(base);
          if (below.isPresent() && top.isPresent()) {
            if (top.get().sameVhd(below.get())) {
              shelf.store.delete(VolumeName.vhd(base));
              shelf.store.sync();
              shelf.refresh(base);
            } else {
              shelf.hide(base, true);
            }
          }
          return volume;
        });
  }

  @Override
  public Absorption absorb(VdiUuid volume) throws StorageException {
    return repository.locked(
        "VDI " + volume + " can't be merged into its parent",
        () -> {
          OpenVolume writer = requireWriter(volume);
          shelf.cancelMerges(volume);
          Node leaf = shelf.requireVhd(volume, ErrorCode.VDI_UNAVAILABLE);
          Node parent = onlyParent(leaf);
          shelf.requireUnused(List.of(volume, parent.vdi()), Optional.empty());
          LeafAbsorption absorption =
              LeafAbsorption.open(repository, shelf, writer, requireChain(writer), parent);
          shelf.merges.add(absorption);
          return absorption;
        });
  }

  @Override
  public boolean recoverAbsorption(VdiUuid volume) throws StorageException {
    return repository.locked(
        "The merge of VDI " + volume + " into its parent can't be finished",
        () -> {
          Optional<OpenVolume> writer = shelf.open.writer(volume);
          if (writer.isPresent()) {
            return !(writer.get().below() instanceof MirroredLeaf);
          }
          new Settling(shelf).settleDraft(volume);
          // Barrier: the parent may have its own name back, which could not be made durable then.
          // From here on the leaf may be written alone.
          shelf.store.sync();
          return true;
        });
  }

  @Override
  public Prepared prepareRefresh(VdiUuid volume) throws StorageException {
    String failure = "VDI " + volume + " can't be given its new parents";
    OpenVolume writer = repository.locked(failure, () -> requireWriter(volume));
    if (writer.below() instanceof MirroredLeaf) {
      // It reads through what it is merged into, which is not taken away while that lasts.
      return NOTHING_TO_REFRESH;
    }
    VhdChain chain = requireChain(writer);
    VhdChain.NewParents parents =
        repository.locked(failure, () -> chain.openParents(shelf.parents()));
    return new Prepared() {
      @Override
      public Replacement commit() throws StorageException {
        return repository.locked(
            failure,
            () -> {
              chain.adopt(parents);
              return Replacement.none();
            });
      }

      @Override
      public void abandon() {
        close();
      }

      @Override
      public void release() {
        shelf.releases.begin(this::close);
      }

      private void close() {
        try {
          parents.discard();
        } catch (IOException failed) {
          LOG.log(Level.WARNING, failure + " cleanly", failed);
        }
      }
    };
  }

  /// The chain below an open volume that is not being merged.
  private static VhdChain requireChain(OpenVolume volume) throws StorageException {
    if (volume.below() instanceof VhdChain chain) {
      return chain;
    }
    throw new StorageException(
        ErrorCode.VDI_TYPE,
        "VDI " + volume.vdi() + " is no VHD, or is being merged.",
        "Nothing needs to be done: the next collection plans anew.");
  }

  private OpenVolume requireWriter(VdiUuid volume) throws StorageException {
    return shelf
        .open
        .writer(volume)
        .orElseThrow(() ->
            new StorageException(
                ErrorCode.VDI_UNAVAILABLE,
                "VDI " + volume + " is not open for writing any more.",
                "Nothing needs to be done: the next collection plans anew."));
  }

  /// The hidden parent that serves this leaf alone.
  private Node onlyParent(Node leaf) throws StorageException {
    Optional<Node> parent = leaf.parent().map(ParentLink::uuid).flatMap(shelf.index()::resolve);
    boolean alone =
        parent.isPresent()
            && parent.get().hidden()
            && parent.get().sizeBytes() == leaf.sizeBytes()
            && shelf.index().children(parent.get()).size() == 1;
    if (!alone) {
      throw new StorageException(
          ErrorCode.VDI_UNAVAILABLE,
          "VDI " + leaf.vdi() + " has no parent of its own.",
          "Nothing needs to be done: the next collection plans anew.");
    }
    return parent.orElseThrow();
  }
}
