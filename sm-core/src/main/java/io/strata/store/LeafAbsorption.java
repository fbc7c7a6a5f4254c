// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.VhdTree.Absorption;
import io.strata.spi.VhdTree.MergeProgress;
import io.strata.vhd.MirroredLeaf;
import io.strata.vhd.VhdChain;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
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

  /// Whether V's name may mean P. Guarded by the repository's lock.
  private boolean named;

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

  @Override
  public boolean concerns(VdiUuid vdi) {
    return vdi.equals(writer.vdi()) || vdi.equals(parent.vdi());
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
          if (cancelled || writer.below() != mirror.leaf()) {
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
      throw cancelled ? brokenOff() : StoreFailures.of(failure, failed);
    } finally {
      copying.unlock();
    }
  }

  @Override
  public void finish() throws StorageException {
    repository.locked(
        failure,
        () -> {
          if (cancelled || !copied) {
            throw brokenOff();
          }
          mirror.alike();
          named = true;
          takeName();
          return writer;
        });
  }

  private void takeName() throws IOException {
    try {
      // As the volume's draft the parent's VHD shows in no list; attaching the store ends from here
      // on what a crash interrupts.
      shelf.store.replace(parent.name(), VolumeName.draft(writer.vdi()));
      shelf.promote(writer.vdi(), () -> mirror.parent().setHidden(false));
    } catch (IOException | RuntimeException failed) {
      giveBack(failed);
      throw failed;
    } finally {
      shelf.refresh(parent.vdi());
      shelf.refresh(writer.vdi());
    }
  }

  private void giveBack(Exception failed) {
    try {
      String draft = VolumeName.draft(writer.vdi());
      if (shelf.store.exists(draft)) {
        mirror.parent().setHidden(true);
        shelf.store.replace(draft, parent.name());
        shelf.store.sync();
        named = false;
      }
    } catch (IOException | RuntimeException alsoFailed) {
      failed.addSuppressed(alsoFailed);
    }
  }

  @Override
  public void end() throws StorageException {
    repository.locked(
        failure,
        () -> {
          writer.below(mirror.parent());
          return writer;
        });
  }

  @Override
  public void cancel() throws IOException {
    if (named) {
      return;
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
  }

  /// Breaks off what has not been finished. Where the name may have changed already and the device
  /// could not be, that goes on to write to both.
  @Override
  public void close() {
    try {
      repository.locked(
          failure,
          () -> {
            shelf.merges.remove(this);
            cancel();
            return writer;
          });
    } catch (StorageException failed) {
      LOG.log(Level.WARNING, failure + " cleanly", failed);
    }
    if (writer.below() == mirror.parent()) {
      shelf.releases.begin(this::closeLeaf);
    }
  }

  private void closeLeaf() {
    try {
      mirror.leaf().close();
    } catch (IOException failed) {
      LOG.log(Level.WARNING, "VDI " + writer.vdi() + ": closing its former VHD", failed);
    }
  }

  private StorageException brokenOff() {
    return new StorageException(
        ErrorCode.VDI_IN_USE,
        failure + ": another operation needs it.",
        "Nothing needs to be done: the next collection goes on.");
  }
}
