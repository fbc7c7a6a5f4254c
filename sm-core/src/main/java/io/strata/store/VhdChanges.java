// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import io.strata.block.Container;
import io.strata.block.GranuleBitmap;
import io.strata.spi.ChangedBlocks;
import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.vhd.ChainDifference;
import io.strata.vhd.VhdChain;
import java.io.Closeable;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Differences between VHD volumes, told by their chains.
///
/// Merges do not disturb it: within a run that is merged each node's sectors stay held by a node of
/// the run, so the images that two chains do not share hold what they held.
final class VhdChanges implements ChangedBlocks {
  private final VhdRepository repository;
  private final VolumeShelf shelf;

  VhdChanges(VhdRepository repository, VolumeShelf shelf) {
    this.repository = repository;
    this.shelf = shelf;
  }

  @Override
  public GranuleBitmap changed(VdiUuid from, VdiUuid to) throws StorageException {
    String failure = "What changed from VDI " + from + " to VDI " + to + " can't be told";
    // Chains of which nobody writes the leaf are compared without the lock: as for any reader, what
    // is open stays as it is whatever is merged or removed meanwhile.
    Pair pair =
        repository.locked(
            failure,
            () -> {
              Pair opened = new Pair();
              try {
                opened.from = opened.open(from);
                opened.to = opened.open(to);
                if (opened.running) {
                  opened.difference();
                }
                return opened;
              } catch (IOException | StorageException | RuntimeException failed) {
                opened.close();
                throw failed;
              }
            });
    try (pair) {
      return pair.difference();
    } catch (IOException failed) {
      throw StoreFailures.of(failure, failed);
    }
  }

  /// The chains of two volumes.
  private final class Pair implements Closeable {
    private @Nullable Lent from;
    private @Nullable Lent to;
    private boolean running;
    private @Nullable GranuleBitmap difference;

    /// A chain, and whether it was opened for this.
    private record Lent(VhdChain chain, boolean own) {}

    private Lent open(VdiUuid vdi) throws IOException, StorageException {
      Node node = shelf.requireVhd(vdi, ErrorCode.CBT_CHANGED_BLOCKS_ERROR);
      requireOnlyOne(node);
      Optional<VhdChain> open = shelf.open.writer(vdi).flatMap(OpenVolume::chain);
      if (open.isPresent()) {
        running = true;
        return new Lent(open.get(), false);
      }
      return new Lent(shelf.openChain(node, false), true);
    }

    private GranuleBitmap difference() throws IOException {
      Lent older = from;
      Lent newer = to;
      if (older == null || newer == null) {
        throw new AssertionError("both are open");
      }
      GranuleBitmap known = difference;
      if (known == null) {
        known = ChainDifference.between(older.chain(), newer.chain());
        difference = known;
      }
      return known;
    }

    @Override
    public void close() throws IOException {
      Lent older = from;
      Lent newer = to;
      try {
        if (older != null && older.own()) {
          older.chain().close();
        }
      } finally {
        if (newer != null && newer.own()) {
          newer.chain().close();
        }
      }
    }
  }

  /// Copies of a VHD file carry its UUID too, and then UUIDs say nothing of what is shared.
  private void requireOnlyOne(Node node) throws StorageException {
    boolean only =
        node.uuid()
            .flatMap(shelf.index()::resolve)
            .filter(found -> found.vdi().equals(node.vdi()))
            .isPresent();
    if (!only) {
      throw new StorageException(
          ErrorCode.CBT_CHANGED_BLOCKS_ERROR,
          "Several VHDs in "
              + shelf.store.location()
              + " carry the UUID of VDI "
              + node.vdi()
              + ", so its changes can't be told.",
          "Move copies of the file out of the SR, then scan it.");
    }
  }

  @Override
  public Optional<ChangeLog> log(VdiUuid vdi) throws StorageException {
    return repository.locked(
        "The change log of VDI " + vdi + " can't be read",
        () -> {
          String name = VolumeName.changes(vdi);
          if (!shelf.store.exists(name)) {
            return Optional.empty();
          }
          try (Container container = shelf.store.open(name, false)) {
            return Optional.of(ChangeLogFile.read(container, vdi));
          } catch (IOException damaged) {
            throw new StorageException(
                ErrorCode.CBT_METADATA_INCONSISTENT,
                "The change information of VDI "
                    + vdi
                    + " can't be used: "
                    + damaged.getMessage()
                    + ".",
                "Take a full backup.",
                damaged);
          }
        });
  }

  @Override
  public void keepLog(VdiUuid vdi, ChangeLog log) throws StorageException {
    repository.locked(
        "The change log of VDI " + vdi + " can't be written",
        () -> {
          shelf.draft(vdi, container -> ChangeLogFile.write(container, vdi, log));
          shelf.store.replace(VolumeName.draft(vdi), VolumeName.changes(vdi));
          // Barrier: the log is there before the data go that it stands for.
          shelf.store.sync();
          return vdi;
        });
  }

  @Override
  public void dropLog(VdiUuid vdi) throws StorageException {
    repository.locked(
        "The change log of VDI " + vdi + " can't be removed",
        () -> {
          shelf.store.delete(VolumeName.changes(vdi));
          // Barrier: the log is gone before a volume goes, or gets a name, that it speaks of.
          shelf.store.sync();
          return vdi;
        });
  }
}
