// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import io.strata.block.Container;
import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.VhdTree.Merge;
import io.strata.spi.VhdTree.MergeProgress;
import io.strata.spi.VhdTree.MergeSpec;
import io.strata.vhd.ParentLink;
import io.strata.vhd.TargetUse;
import io.strata.vhd.VhdChain;
import io.strata.vhd.VhdEditor;
import io.strata.vhd.VhdInfo;
import io.strata.vhd.VhdMerge;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Merges a run of nodes into one of them, and lets the others go.
///
/// With R1 (the survivor) over R2 ... over Rn over P, and T one of them, after the copy:
///
/// | step | after a crash |
/// |---|---|
/// | T gets the parent P | what was below T in the run is an orphan |
/// | the survivor's children get the parent T | so is what was above it |
/// | T's VHD gets the survivor's name, unless that is hidden | |
/// | it is no longer hidden then | |
/// | the others are removed, nearest to the guest first | orphans |
///
/// Each step leaves every VDI with its content, since T shows what the whole run shows.
final class RunMerge implements Merge, MergeUnderWay {
  private static final Logger LOG = System.getLogger(RunMerge.class.getName());

  private final VhdRepository repository;
  private final VolumeShelf shelf;
  private final MergeSpec spec;
  private final String failure;

  /// Held while images are copied.
  private final ReentrantLock copying = new ReentrantLock();

  /// What the nodes take that are merged into the target.
  private long sourcesBytes;

  private volatile @Nullable VhdMerge merge;
  private volatile boolean cancelled;
  private volatile boolean copied;

  /// Whether nothing stands against the end any more. Guarded by the repository's lock.
  private boolean ready;

  private RunMerge(VhdRepository repository, VolumeShelf shelf, MergeSpec spec) {
    this.repository = repository;
    this.shelf = shelf;
    this.spec = spec;
    failure = "The run of VDI " + spec.survivor() + " can't be merged";
  }

  /// Opens the run's images. Under the repository's lock.
  static RunMerge open(VhdRepository repository, VolumeShelf shelf, MergeSpec spec)
      throws IOException, StorageException {
    RunMerge opened = new RunMerge(repository, shelf, spec);
    opened.checkRun(false);
    opened.sourcesBytes = opened.sourcesBytes();
    opened.merge =
        VhdMerge.open(opened.containers(), spec.run().indexOf(spec.target()), opened.targetUse());
    return opened;
  }

  private long sourcesBytes() throws IOException, StorageException {
    long bytes = 0;
    for (VdiUuid node : spec.run()) {
      bytes += node.equals(spec.target()) ? 0 : shelf.require(node).physicalBytes();
    }
    return bytes;
  }

  /// Ends a merge whose copy is complete. Under the repository's lock.
  static void resumeFinish(VhdRepository repository, VolumeShelf shelf, MergeSpec spec)
      throws IOException, StorageException {
    RunMerge left = new RunMerge(repository, shelf, spec);
    left.requireReadable();
    left.end();
  }

  @Override
  public boolean concerns(VdiUuid vdi) {
    return vdi.equals(spec.survivor()) || vdi.equals(spec.target());
  }

  @Override
  public boolean uses(VdiUuid node) {
    return spec.run().contains(node);
  }

  @Override
  public boolean cancel() throws IOException {
    cancelled = true;
    try {
      if (!copying.tryLock(CANCEL_SECONDS, TimeUnit.SECONDS)) {
        throw new IOException(failure + ": it did not stop within " + CANCEL_SECONDS + " s");
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IOException(failure + ": interrupted while it stopped", interrupted);
    }
    try {
      closeImages();
    } finally {
      copying.unlock();
    }
    return true;
  }

  @Override
  public long estimateBytes() {
    VhdMerge opened = merge;
    return opened == null ? 0 : opened.estimateBytes();
  }

  @Override
  public long growthBytes() throws StorageException {
    copying.lock();
    try {
      VhdMerge opened = merge;
      if (opened == null) {
        throw brokenOff();
      }
      return Math.min(opened.growthBytes(), sourcesBytes);
    } catch (IOException failed) {
      throw StoreFailures.of(failure, failed);
    } finally {
      copying.unlock();
    }
  }

  @Override
  public void copy(int fromBlock, MergeProgress progress) throws StorageException {
    copying.lock();
    try {
      VhdMerge opened = merge;
      if (opened == null) {
        throw brokenOff();
      }
      BackgroundCopy.run(() ->
          opened.run(fromBlock, new ProgressBridge(progress, () -> cancelled, this::brokenOff)));
      copied = true;
    } catch (ProgressBridge.BrokenOff brokenOff) {
      throw brokenOff.reason();
    } catch (IOException failed) {
      throw StoreFailures.of(failure, failed);
    } finally {
      copying.unlock();
    }
  }

  @Override
  public void ready() throws StorageException {
    repository.locked(
        failure,
        () -> {
          getReady();
          return spec;
        });
  }

  private void getReady() throws IOException, StorageException {
    if (cancelled || !copied) {
      throw brokenOff();
    }
    closeImages();
    requireReadable();
    checkRun(true);
    List<VdiUuid> relinked =
        shelf.index().children(shelf.require(spec.survivor())).stream().map(Node::vdi).toList();
    shelf.requireUnused(relinked, Optional.of(this));
    ready = true;
  }

  @Override
  public void finish() throws StorageException {
    repository.locked(
        failure,
        () -> {
          if (cancelled || !ready) {
            getReady();
          }
          end();
          shelf.merges.remove(this);
          return spec;
        });
  }

  @Override
  public void close() {
    try {
      repository.locked(
          failure,
          () -> {
            shelf.merges.remove(this);
            closeImages();
            return spec;
          });
    } catch (StorageException failed) {
      LOG.log(Level.WARNING, failure + " cleanly", failed);
    }
  }

  private void closeImages() throws IOException {
    VhdMerge opened = merge;
    merge = null;
    if (opened != null) {
      opened.close();
    }
  }

  private StorageException brokenOff() {
    return new StorageException(
        ErrorCode.VDI_IN_USE,
        failure + ": another operation needs it.",
        "Nothing needs to be done: the next collection goes on.");
  }

  /// Whether a volume is open that reads through the run.
  private TargetUse targetUse() {
    Deque<Node> above = new ArrayDeque<>();
    shelf.index().find(spec.survivor()).ifPresent(above::add);
    while (!above.isEmpty()) {
      Node node = above.remove();
      if (shelf.open.isOpen(node.vdi())) {
        return TargetUse.SHARED;
      }
      above.addAll(shelf.index().children(node));
    }
    return TargetUse.EXCLUSIVE;
  }

  private List<Container> containers() throws IOException {
    List<Container> containers = new ArrayList<>();
    try {
      for (VdiUuid vdi : spec.run()) {
        containers.add(shelf.store.open(VolumeName.vhd(vdi), vdi.equals(spec.target())));
      }
      return containers;
    } catch (IOException | RuntimeException failed) {
      for (Container container : containers) {
        container.close();
      }
      throw failed;
    }
  }

  /// A run of which anything changed since it was planned is left alone.
  ///
  /// @param merged whether the target has got the content of the others, which changes its version
  private void checkRun(boolean merged) throws IOException, StorageException {
    for (int i = 0; i < spec.run().size(); i++) {
      Node node = shelf.requireVhd(spec.run().get(i), ErrorCode.VDI_UNAVAILABLE);
      boolean changedByUs = merged && node.vdi().equals(spec.target());
      if (!changedByUs && !node.version().equals(spec.version(node.vdi()))) {
        throw changed(
            node,
            "is " + node.version() + ", and was " + spec.version(node.vdi()) + " when planned");
      }
      if (i == 0) {
        if (shelf.open.writer(node.vdi()).isPresent()) {
          throw changed(node, "is open for writing");
        }
        if (node.hidden() != spec.survivorHidden()) {
          // Ending the merge would make a disk of what was deleted since it was planned.
          throw changed(node, node.hidden() ? "was deleted" : "is a disk");
        }
        continue;
      }
      List<Node> children = shelf.index().children(node);
      if (!node.hidden()) {
        throw changed(node, "is not hidden");
      }
      if (children.size() != 1 || !children.getFirst().vdi().equals(spec.run().get(i - 1))) {
        throw changed(node, "has other children");
      }
    }
  }

  /// What can't be read may be a child of what would go; not so the run's own nodes, one of which a
  /// crash may have brought back without its parent.
  private void requireReadable() throws StorageException {
    List<Node> unreadable =
        shelf.index().unreadable().stream().filter(n -> !spec.run().contains(n.vdi())).toList();
    if (!unreadable.isEmpty()) {
      throw new StorageException(
          ErrorCode.VDI_UNAVAILABLE,
          failure
              + ": "
              + unreadable.getFirst().name()
              + " or its parent can't be read and may depend on it.",
          "Restore or destroy that one first; sr-check says what is wrong with it.");
    }
  }

  private StorageException changed(Node node, String how) {
    return new StorageException(
        ErrorCode.VDI_IN_USE,
        "Node " + node.vdi() + " " + how + ", so its run can't be merged any more.",
        "Nothing needs to be done: the next collection plans anew.");
  }

  /// The steps of the table above, each of which may have been done before. They stop at a node
  /// that can't be read: what is left of the run is collected later.
  private void end() throws IOException, StorageException {
    Optional<Node> target = shelf.readable(spec.target());
    if (target.isPresent()) {
      giveParent(target.get());
    }
    target = shelf.readable(spec.target());
    if (target.isPresent() && !spec.target().equals(spec.survivor())) {
      takeSurvivorsPlace(target.get());
    }
    Optional<Node> survivor = shelf.readable(spec.survivor());
    if (!spec.survivorHidden() && survivor.isPresent() && survivor.get().hidden()) {
      shelf.hideOrTryAgain(spec.survivor(), false);
    }
    // A disk that is not found may come back to one of them: a collection knows which goes then.
    if (!shelf.anyLost()) {
      for (VdiUuid vdi : spec.run()) {
        remove(vdi);
      }
    }
    shelf.store.sync();
  }

  /// The target gets what is below the run as its parent.
  private void giveParent(Node target) throws IOException {
    Optional<Node> bottom = shelf.readable(spec.run().getLast());
    if (bottom.isEmpty() || spec.target().equals(bottom.get().vdi())) {
      return;
    }
    Optional<UUID> parent = bottom.get().parent().map(ParentLink::uuid);
    Optional<Node> below = parent.flatMap(shelf.index()::resolve);
    if (parent.isPresent() && below.isEmpty()) {
      throw new IOException(
          bottom.get().name() + " has the parent " + parent.get() + ", which can't be found");
    }
    try (Container container = shelf.store.open(target.name(), true)) {
      if (below.isPresent()) {
        VhdEditor.relink(container, below.get().info().orElseThrow(), below.get().name());
      } else {
        VhdEditor.unlink(container);
      }
    }
    shelf.refresh(target.vdi());
  }

  private void takeSurvivorsPlace(Node target) throws IOException, StorageException {
    Optional<Node> survivor = shelf.readable(spec.survivor());
    if (survivor.isEmpty()) {
      return;
    }
    String name = VolumeName.vhd(spec.survivorHidden() ? spec.target() : spec.survivor());
    VhdInfo info = target.info().orElseThrow();
    for (Node child : shelf.index().children(survivor.get())) {
      relink(child, info, name);
    }
    if (!spec.survivorHidden()) {
      shelf.store.replace(VolumeName.vhd(spec.target()), VolumeName.vhd(spec.survivor()));
      // Barrier: the content has its name before anything of the run is removed.
      shelf.store.sync();
      shelf.refresh(spec.target());
      shelf.refresh(spec.survivor());
    }
  }

  private void relink(Node child, VhdInfo parent, String name) throws IOException {
    Optional<VhdChain> running = shelf.open.writer(child.vdi()).flatMap(OpenVolume::chain);
    if (running.isPresent()) {
      running.get().relinkLeaf(Optional.of(parent), name);
    } else {
      try (Container container = shelf.store.open(child.name(), true)) {
        VhdEditor.relink(container, parent, name);
      }
    }
    shelf.refresh(child.vdi());
  }

  private void remove(VdiUuid vdi) throws IOException {
    Optional<Node> node = shelf.readable(vdi);
    boolean stays =
        vdi.equals(spec.target()) || (vdi.equals(spec.survivor()) && !spec.survivorHidden());
    boolean goes =
        node.isPresent()
            && !stays
            && node.get().hidden()
            && !shelf.index().needed(node.get())
            && !shelf.mayBeDisk(vdi);
    if (goes) {
      shelf.store.delete(node.get().name());
      shelf.refresh(vdi);
    }
  }
}
