// SPDX-License-Identifier: Apache-2.0
package io.strata.driver.local;

import io.strata.block.BlockDevice;
import io.strata.spi.AccessMode;
import io.strata.spi.ChangedBlocks;
import io.strata.spi.Clones;
import io.strata.spi.ErrorCode;
import io.strata.spi.Messages;
import io.strata.spi.MetadataArea;
import io.strata.spi.Replacement;
import io.strata.spi.Repository;
import io.strata.spi.Snapshots;
import io.strata.spi.SpaceStat;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.VhdTree;
import io.strata.spi.Volume;
import io.strata.spi.VolumeChecks;
import io.strata.spi.VolumeSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// A repository in a folder, with what attaching it took: the lock, and perhaps a mount.
final class AttachedRepository implements Repository {
  private final Repository files;
  private final Path folder;
  private final SrLock lock;
  private final Detach after;

  /// Guarded by `this`.
  private boolean filesClosed;

  AttachedRepository(Repository files, Path folder, SrLock lock, Detach after) {
    this.files = files;
    this.folder = folder;
    this.lock = lock;
    this.after = after;
  }

  @Override
  public SpaceStat stat() throws StorageException {
    return files.stat();
  }

  @Override
  public List<Volume> scan() throws StorageException {
    return files.scan();
  }

  @Override
  public Optional<Volume> volume(VdiUuid vdi) throws StorageException {
    return files.volume(vdi);
  }

  @Override
  public Volume create(VdiUuid vdi, VolumeSpec spec) throws StorageException {
    return files.create(vdi, spec);
  }

  @Override
  public void delete(VdiUuid vdi) throws StorageException {
    files.delete(vdi);
  }

  @Override
  public BlockDevice open(VdiUuid vdi, AccessMode mode) throws StorageException {
    return files.open(vdi, mode);
  }

  @Override
  public Replacement resize(VdiUuid vdi, long sizeBytes) throws StorageException {
    return files.resize(vdi, sizeBytes);
  }

  @Override
  public Optional<Snapshots> snapshots() {
    return files.snapshots();
  }

  @Override
  public Optional<Clones> clones() {
    return files.clones();
  }

  @Override
  public Optional<VhdTree> vhdTree() {
    return files.vhdTree();
  }

  @Override
  public Optional<VolumeChecks> checks() {
    return files.checks();
  }

  @Override
  public Optional<ChangedBlocks> changedBlocks() {
    return files.changedBlocks();
  }

  @Override
  public MetadataArea metadata() {
    return files.metadata();
  }

  /// Closes the files, then gives up the lock, then what is below: each needs the one before. A
  /// close that failed may be repeated, and goes on where it stopped.
  @Override
  public synchronized void close() throws StorageException {
    if (!filesClosed) {
      files.close();
      filesClosed = true;
    }
    try {
      lock.close();
    } catch (IOException failed) {
      throw new StorageException(
          ErrorCode.IO_ERROR,
          "The lock of the SR in "
              + folder
              + " can't be given up: "
              + Messages.reason(failed)
              + ".",
          "Unplug the PBD again.",
          failed);
    }
    after.run();
  }
}
