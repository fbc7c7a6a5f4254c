// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.VhdTree.Absorption;
import io.strata.spi.VhdTree.MergeProgress;
import io.strata.vhd.MirroredLeaf;
import io.strata.vhd.ParentLink;
import io.strata.vhd.VhdChain;
import io.strata.vhd.VhdInfo;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/// Merges a running volume into its parent. With L the volume V's VHD, and P its parent:
///
/// | step | names after it | after a crash |
/// |---|---|---|
/// | what is written goes to L and P; L's content is copied to P | V is L | as if nothing happened |
/// | P is made durable, *barrier*; a flush vouches for both from here on | V is L | as if nothing happened |
/// | P becomes V's draft, *barrier* | V is L, P has no other name | P takes V's name |
/// | P is no longer hidden, *barrier* | the same | P takes V's name |
/// | P takes V's name, *barrier* | V is P | done |
/// | what is written goes to P alone | | |
///
/// A step that fails from the draft on is taken back, and where that fails too, everything is
/// written to both until V is closed. [#recover] brings either to the end.
final class LeafAbsorption implements Absorption, MergeUnderWay {
  private static final Logger LOG = System.getLogger(LeafAbsorption.class.getName());

  private final VhdRepository repository;
  private final VolumeShelf shelf;
  private final OpenVolume writer;
  private final Node parent;
  private final MirroredLeaf mirror;
  private final String failure;

  /// Held while content is copied.
  private final ReentrantLock copying = new ReentrantLock();

  private volatile boolean cancelled;
  private volatile boolean copied;

  /// Guarded by the repository's lock.
  private Naming naming = Naming.LEAF;

  /// Whether the parent got its own name back and that could not be made durable: no later barrier
  /// vouches for it. Guarded by the repository's lock.
  private boolean unsure;

  /// Which VHD the volume's name means.
  private enum Naming {
    LEAF,
    /// P has lost its own name, and may have V's.
    EITHER,
    PARENT
  }

  private LeafAbsorption(
      VhdRepository repository,
      VolumeShelf shelf,
      OpenVolume writer,
      Node parent,
      MirroredLeaf mirror,
      String failure) {
    this.repository = repository;
    this.shelf = shelf;
    this.writer = writer;
    this.parent = parent;
    this.mirror = mirror;
    this.failure = failure;
  }

  /// Opens the parent for writing. Under the repository's lock.
  ///
  /// @param parent hidden, as large as the volume, and no other's parent
  static LeafAbsorption open(
      VhdRepository repository, VolumeShelf shelf, OpenVolume writer, VhdChain leaf, Node parent)
      throws IOException {
    VhdChain below =
        VhdChain.openMirror(shelf.store.open(parent.name(), true), shelf.parents(), leaf);
    return new LeafAbsorption(
        repository,
        shelf,
        writer,
        parent,
        new MirroredLeaf(leaf, below),
        "VDI " + writer.vdi() + " can't be merged into its parent");
  }

  /// Ends what was interrupted while a parent took its volume's place: where the draft of a volume
  /// is the parent of its VHD, it has taken up what that holds, and the volume opens with neither.
  ///
  /// @return whether the parent was between its own name and the volume's
  static boolean recover(VolumeShelf shelf, VdiUuid volume) throws IOException {
    Optional<UUID> draft = shelf.info(VolumeName.draft(volume)).map(VhdInfo::uuid);
    Optional<UUID> parent = shelf.refresh(volume).flatMap(Node::parent).map(ParentLink::uuid);
    if (draft.isEmpty() || !draft.equals(parent)) {
      return false;
    }
    shelf.promote(volume);
    return true;
  }

  @Override
  public VdiUuid parent() {
    return parent.vdi();
  }

  /// Halfway, it is over with its device, which writes to both until then.
  @Override
  public boolean concerns(VdiUuid vdi) {
    boolean over = naming != Naming.LEAF && !shelf.open.has(writer);
    return !over && (vdi.equals(writer.vdi()) || vdi.equals(parent.vdi()));
  }

  @Override
  public boolean uses(VdiUuid node) {
    return concerns(node);
  }

  @Override
  public void begin() throws StorageException {
    repository.locked(
        failure,
        () -> {
          if (stopped() || writer.below() != mirror.leaf()) {
            throw brokenOff();
          }
          writer.below(mirror);
          return writer;
        });
  }

  @Override
  public void copy(MergeProgress progress) throws StorageException {
    copying.lock();
    try {
      if (cancelled) {
        throw brokenOff();
      }
      BackgroundCopy.run(
          () -> mirror.copy(new ProgressBridge(progress, () -> cancelled, this::brokenOff)));
      copied = true;
    } catch (ProgressBridge.BrokenOff brokenOff) {
      throw brokenOff.reason();
    } catch (IOException failed) {
      throw stopped() ? brokenOff() : StoreFailures.of(failure, failed);
    } finally {
      copying.unlock();
    }
  }

  @Override
  public void finish() throws StorageException {
    repository.locked(
        failure,
        () -> {
          if (stopped() || !copied) {
            throw brokenOff();
          }
          mirror.alike();
          naming = Naming.EITHER;
          takeName();
          naming = Naming.PARENT;
          return writer;
        });
  }

  private void takeName() throws IOException {
    try {
      // As the volume's draft the parent's VHD shows in no list.
      shelf.store.replace(parent.name(), VolumeName.draft(writer.vdi()));
      shelf.promote(writer.vdi(), () -> mirror.parent().setHidden(false));
    } catch (IOException | RuntimeException failed) {
      try {
        giveBack();
      } catch (IOException | RuntimeException alsoFailed) {
        failed.addSuppressed(alsoFailed);
      }
      throw failed;
    } finally {
      shelf.refresh(parent.vdi());
      shelf.refresh(writer.vdi());
    }
  }

  @Override
  public void abandon() throws StorageException {
    repository.locked(
        failure,
        () -> {
          if (naming == Naming.EITHER) {
            giveBack();
          }
          if (naming != Naming.LEAF) {
            throw new StorageException(
                ErrorCode.VDI_UNAVAILABLE,
                failure + " halfway: its parent has taken its place, or is about to.",
                "It runs on, and nothing is lost: run sr-scan after its next detach, which ends it.");
          }
          shelf.merges.remove(this);
          boolean _ = cancel();
          return writer;
        });
  }

  /// The parent gets its own name back, unless it has the volume's.
  private void giveBack() throws IOException {
    if (unsure) {
      throw new IOException("the names could not be made durable");
    }
    String draft = VolumeName.draft(writer.vdi());
    if (shelf.store.exists(draft)) {
      mirror.parent().setHidden(true);
      shelf.store.replace(draft, parent.name());
      syncOrHide(draft);
    }
    if (shelf.refresh(parent.vdi()).isPresent()) {
      naming = Naming.LEAF;
    }
  }

  /// A parent under its own name would pass for one that nobody writes to.
  private void syncOrHide(String draft) throws IOException {
    try {
      // Barrier: the leaf may be written alone again, and needs its parent.
      shelf.store.sync();
    } catch (IOException | RuntimeException failed) {
      unsure = true;
      try {
        shelf.store.replace(parent.name(), draft);
        shelf.refresh(parent.vdi());
      } catch (IOException | RuntimeException alsoFailed) {
        failed.addSuppressed(alsoFailed);
      }
      throw failed;
    }
  }

  @Override
  public void end() throws StorageException {
    repository.locked(
        failure,
        () -> {
          writer.below(mirror.parent());
          shelf.merges.remove(this);
          return writer;
        });
  }

  @Override
  public boolean cancel() throws IOException {
    if (naming != Naming.LEAF) {
      return false;
    }
    cancelled = true;
    mirror.breakOff();
    if (writer.below() == mirror) {
      writer.below(mirror.leaf());
    }
    try {
      if (!copying.tryLock(CANCEL_SECONDS, TimeUnit.SECONDS)) {
        throw new IOException(failure + ": it did not stop within " + CANCEL_SECONDS + " s");
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IOException(failure + ": interrupted while it stopped", interrupted);
    }
    try {
      mirror.parent().close();
    } finally {
      copying.unlock();
    }
    return true;
  }

  /// Where the name may have changed already and the device could not be, that goes on to write to
  /// both.
  @Override
  public void close() {
    if (writer.below() == mirror.parent()) {
      shelf.releases.begin(this::closeLeaf);
      return;
    }
    try {
      abandon();
    } catch (StorageException failed) {
      LOG.log(Level.WARNING, failure + " cleanly", failed);
    }
  }

  private void closeLeaf() {
    try {
      mirror.leaf().close();
    } catch (IOException failed) {
      LOG.log(Level.WARNING, "VDI " + writer.vdi() + ": closing its former VHD", failed);
    }
  }

  /// Whether it can't go on: then what fails says nothing of the storage.
  private boolean stopped() {
    return cancelled || !shelf.open.has(writer);
  }

  private StorageException brokenOff() {
    return new StorageException(
        ErrorCode.VDI_IN_USE,
        failure + ": it was detached, or another operation needs it.",
        "Nothing needs to be done: the next collection goes on.");
  }
}
