// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import io.strata.block.BlockDevice;
import io.strata.block.Container;
import io.strata.spi.AccessMode;
import io.strata.spi.ChangedBlocks;
import io.strata.spi.Clones;
import io.strata.spi.ErrorCode;
import io.strata.spi.MetadataArea;
import io.strata.spi.Replacement;
import io.strata.spi.Repository;
import io.strata.spi.Snapshots;
import io.strata.spi.SpaceStat;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.VhdTree;
import io.strata.spi.Volume;
import io.strata.spi.Volume.Kind;
import io.strata.spi.VolumeChecks;
import io.strata.spi.VolumeSpec;
import io.strata.vhd.VhdCreator;
import io.strata.vhd.VhdEditor;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;

/// Volumes as VHD chains in a store, and raw volumes beside them.
///
/// A volume's name in the store is its VDI's UUID; the UUID in a VHD's footer is the identity of
/// that VHD, by which its children find it wherever its name has moved. The hidden flag is in the
/// footer too. Nothing else is kept.
public final class VhdRepository implements Repository {
  private static final Logger LOG = System.getLogger(VhdRepository.class.getName());

  /// How long closing waits for images that are gone to be freed.
  private static final Duration RELEASE_PATIENCE = Duration.ofSeconds(60);

  private static final long LARGEST_VHD_BYTES = 2040L << 30;
  private static final long VHD_ROUNDING_BYTES = 2L << 20;
  private static final long SECTOR_BYTES = 512;
  private static final int SCAN_ATTEMPTS = 3;

  private final ContainerStore store;
  private final VolumeShelf shelf;

  /// Guards the shelf, and with it every change of the set of volumes.
  private final ReentrantLock lock = new ReentrantLock();

  /// Opens what is in a store, and brings operations that a crash interrupted to a valid state.
  ///
  /// @param store closed with this
  public VhdRepository(ContainerStore store) throws StorageException {
    this.store = store;
    try {
      // Barrier: a change of what a killed process left is never durable before that is.
      store.syncAll();
      shelf = new VolumeShelf(store);
      new Settling(shelf).run();
    } catch (IOException failed) {
      throw StoreFailures.of("What is in " + store.location() + " can't be read", failed);
    }
  }

  /// Work on volumes.
  @FunctionalInterface
  interface Work<T> {
    T run() throws IOException, StorageException;
  }

  /// Runs work alone.
  ///
  /// @param failure what to say if it fails
  <T> T locked(String failure, Work<T> work) throws StorageException {
    lock.lock();
    try {
      return work.run();
    } catch (IOException failed) {
      throw StoreFailures.of(failure, failed);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public SpaceStat stat() throws StorageException {
    try {
      return store.space();
    } catch (IOException failed) {
      throw StoreFailures.of("The room in " + store.location() + " can't be told", failed);
    }
  }

  @Override
  public List<Volume> scan() throws StorageException {
    try {
      for (int attempt = 0; attempt < SCAN_ATTEMPTS; attempt++) {
        long before = locked("", shelf::changes);
        NodeIndex fresh = NodeIndex.load(store);
        lock.lock();
        try {
          if (shelf.changes() == before) {
            shelf.index(fresh);
            return fresh.volumes();
          }
        } finally {
          lock.unlock();
        }
      }
    } catch (IOException failed) {
      throw StoreFailures.of(store.location() + " can't be scanned", failed);
    }
    return locked(
        store.location() + " can't be scanned",
        () -> {
          shelf.index(NodeIndex.load(store));
          return shelf.index().volumes();
        });
  }

  @Override
  public Optional<Volume> volume(VdiUuid vdi) throws StorageException {
    return locked(
        "VDI " + vdi + " can't be read", () -> shelf.refresh(vdi).map(shelf.index()::volume));
  }

  @Override
  public Volume create(VdiUuid vdi, VolumeSpec spec) throws StorageException {
    long sizeBytes = actualSize(vdi, spec);
    return locked(
        "VDI " + vdi + " can't be created",
        () -> {
          Optional<Node> existing = shelf.refresh(vdi);
          if (existing.isPresent()) {
            return sameOrRefuse(existing.get(), spec, sizeBytes);
          }
          boolean raw = spec.kind() == Kind.RAW;
          shelf.draft(vdi, c -> write(c, raw, sizeBytes));
          store.replace(VolumeName.draft(vdi), VolumeName.of(vdi, spec.kind()));
          store.sync();
          return shelf.index().volume(shelf.require(vdi));
        });
  }

  private static void write(Container container, boolean raw, long sizeBytes) throws IOException {
    if (raw) {
      container.ensureCapacity(sizeBytes);
      container.flush();
    } else {
      VhdCreator.dynamic(container, UUID.randomUUID(), sizeBytes);
    }
  }

  private Volume sameOrRefuse(Node existing, VolumeSpec spec, long sizeBytes)
      throws StorageException {
    boolean same =
        existing.kind() == spec.kind()
            && existing.problem().isEmpty()
            && !existing.hidden()
            && (existing.kind() == Kind.RAW
                ? existing.sizeBytes() >= sizeBytes
                : existing.sizeBytes() == sizeBytes);
    if (!same) {
      throw new StorageException(
          ErrorCode.VDI_EXISTS,
          "A volume " + existing.vdi() + " of " + existing.sizeBytes() + " bytes is there already.",
          "Choose another UUID.");
    }
    return shelf.index().volume(existing);
  }

  private static long actualSize(VdiUuid vdi, VolumeSpec spec) throws StorageException {
    if (spec.kind() == Kind.ARRAY) {
      throw new StorageException(
          ErrorCode.VDI_TYPE,
          "VDI " + vdi + " is to be a volume of an array, and this SR keeps files.",
          "Use sm-config:type=vhd or sm-config:type=raw.");
    }
    long rounding = spec.kind() == Kind.RAW ? SECTOR_BYTES : VHD_ROUNDING_BYTES;
    checkSize(vdi, spec.sizeBytes(), spec.kind() == Kind.RAW ? Long.MAX_VALUE : LARGEST_VHD_BYTES);
    return roundUp(spec.sizeBytes(), rounding);
  }

  private static void checkSize(VdiUuid vdi, long sizeBytes, long largestBytes)
      throws StorageException {
    if (sizeBytes <= 0 || sizeBytes > Math.min(largestBytes, Long.MAX_VALUE / 2)) {
      throw new StorageException(
          ErrorCode.VDI_SIZE,
          "VDI " + vdi + " can't have a size of " + sizeBytes + " bytes.",
          "Choose a size from 1 byte to " + LARGEST_VHD_BYTES + " bytes (2040 GiB).");
    }
  }

  private static long roundUp(long value, long multiple) {
    return Math.ceilDiv(value, multiple) * multiple;
  }

  @Override
  public void delete(VdiUuid vdi) throws StorageException {
    locked(
        "VDI " + vdi + " can't be deleted",
        () -> {
          new Removal(shelf).delete(vdi);
          return vdi;
        });
  }

  @Override
  public BlockDevice open(VdiUuid vdi, AccessMode mode) throws StorageException {
    return locked(
        "VDI " + vdi + " can't be opened",
        () -> {
          Node node = shelf.require(vdi);
          shelf.requireSound(node);
          if (mode == AccessMode.RW) {
            shelf.cancelMerges(vdi);
            requireWritable(node);
          }
          shelf.open.requireFree(vdi, mode);
          if (mode == AccessMode.RW && node.hidden()) {
            shelf.hide(vdi, false);
          }
          return shelf.open.add(vdi, mode, openBelow(node, mode == AccessMode.RW));
        });
  }

  private BlockDevice openBelow(Node node, boolean writable) throws IOException {
    if (node.kind() == Kind.RAW) {
      Container container = store.open(node.name(), writable);
      return writable ? new RawVolume(container) : container;
    }
    return shelf.openChain(node, writable);
  }

  /// A write to a node would change everything that depends on it. A hidden node on which nothing
  /// can depend may be a disk that damage marked so: its owner knows.
  private void requireWritable(Node node) throws StorageException {
    String refused = "VDI " + node.vdi() + " can't be opened for writing: ";
    if (shelf.index().needed(node)) {
      throw new StorageException(
          ErrorCode.VDI_UNAVAILABLE,
          refused + "other VDIs depend on its data.",
          "Clone it and write to the clone.");
    }
    if (shelf.awaited(node.vdi(), node.vdi())) {
      throw new StorageException(
          ErrorCode.VDI_UNAVAILABLE,
          refused + "a VDI depends on its data that is not found for now.",
          "Bring that one's file back and run sr-scan, or vdi-forget it if it is lost.");
    }
    List<Node> unreadable = shelf.index().unreadable();
    if (node.hidden() && !unreadable.isEmpty()) {
      throw new StorageException(
          ErrorCode.VDI_UNAVAILABLE,
          refused
              + "it is marked as the base of others, and "
              + unreadable.getFirst().name()
              + " or its parent can't be read and may depend on it.",
          "Restore or destroy that one first; sr-check says what is wrong with it.");
    }
  }

  @Override
  public Replacement resize(VdiUuid vdi, long sizeBytes) throws StorageException {
    return locked(
        "VDI " + vdi + " can't be resized",
        () -> {
          Node node = shelf.require(vdi);
          shelf.requireSound(node);
          long wanted = resized(node, sizeBytes);
          if (wanted == node.sizeBytes()) {
            return Replacement.none();
          }
          requireWritable(node);
          Optional<OpenVolume> writer = shelf.open.writer(vdi);
          if (writer.isPresent()) {
            return resizeOpen(node, writer.get(), wanted);
          }
          shelf.open.requireFree(vdi, AccessMode.RW);
          enlarge(node, wanted);
          return Replacement.none();
        });
  }

  private static long resized(Node node, long sizeBytes) throws StorageException {
    boolean raw = node.kind() == Kind.RAW;
    checkSize(node.vdi(), sizeBytes, raw ? Long.MAX_VALUE : LARGEST_VHD_BYTES);
    if (sizeBytes < node.sizeBytes()) {
      throw new StorageException(
          ErrorCode.VDI_SIZE,
          "VDI "
              + node.vdi()
              + " has "
              + node.sizeBytes()
              + " bytes and can't shrink to "
              + sizeBytes
              + ".",
          "Choose a larger size, or copy it to a smaller VDI.");
    }
    return sizeBytes == node.sizeBytes()
        ? sizeBytes
        : roundUp(sizeBytes, raw ? SECTOR_BYTES : VHD_ROUNDING_BYTES);
  }

  private void enlarge(Node node, long sizeBytes) throws IOException {
    shelf.cancelMerges(node.vdi());
    try (Container container = store.open(node.name(), true)) {
      if (node.kind() == Kind.RAW) {
        container.ensureCapacity(sizeBytes);
        container.flush();
      } else {
        VhdEditor.resize(container, sizeBytes);
      }
    }
    shelf.refresh(node.vdi());
  }

  /// The chain is closed for the change and opened again, whether the change succeeds or not.
  private Replacement resizeOpen(Node node, OpenVolume writer, long sizeBytes) throws IOException {
    shelf.cancelMerges(node.vdi());
    writer.below().close();
    try {
      enlarge(node, sizeBytes);
    } catch (IOException failed) {
      writer.below(openBelow(node, true));
      throw failed;
    }
    return Replacement.of(shelf.open.exchange(writer, openBelow(node, true)));
  }

  @Override
  public Optional<Snapshots> snapshots() {
    return Optional.of(new VhdSnapshots(this, shelf));
  }

  @Override
  public Optional<Clones> clones() {
    return Optional.of(this::cloneVolume);
  }

  private void cloneVolume(Clones.CloneSpec spec) throws StorageException {
    locked(
        "VDI " + spec.source() + " can't be cloned",
        () -> {
          if (shelf.open.writer(spec.source()).isPresent()) {
            throw OpenVolumes.inUse(spec.source(), "is open for writing and can't be cloned");
          }
          Branching.Fork steps =
              new Branching.Fork(spec.source(), Optional.of(spec.copy()), spec.base());
          Branching.Branch branch = new Branching(shelf).prepare(steps, ErrorCode.VDI_CLONE);
          Replacement replacement = branch.commit();
          branch.release();
          return replacement;
        });
  }

  @Override
  public Optional<VhdTree> vhdTree() {
    return Optional.of(new VhdNodes(this, shelf));
  }

  @Override
  public Optional<VolumeChecks> checks() {
    return Optional.of(new VhdChecks(this, shelf));
  }

  @Override
  public Optional<ChangedBlocks> changedBlocks() {
    return Optional.of(new VhdChanges(this, shelf));
  }

  @Override
  public MetadataArea metadata() {
    return new StoreMetadata(store);
  }

  /// Merges that run are broken off.
  ///
  /// @throws StorageException [ErrorCode#SR_IN_USE] while devices are open
  @Override
  public void close() throws StorageException {
    int open = shelf.open.count();
    if (open > 0) {
      throw new StorageException(
          ErrorCode.SR_IN_USE,
          open + " VDIs in " + store.location() + " are still open.",
          "Detach them first.");
    }
    locked(
        "The merges in " + store.location() + " can't be broken off",
        () -> {
          shelf.cancelMerges();
          return shelf;
        });
    int closing = shelf.releases.await(RELEASE_PATIENCE);
    if (closing > 0) {
      LOG.log(
          Level.WARNING,
          "{0}: {1} deleted images are still being freed after {2}; an unmount may find it busy",
          store.location(),
          closing,
          RELEASE_PATIENCE);
    }
    try {
      store.close();
    } catch (IOException failed) {
      throw StoreFailures.of(store.location() + " can't be closed", failed);
    }
  }
}
