// SPDX-License-Identifier: Apache-2.0
package io.strata.simulator;

import io.strata.block.BlockDevice;
import io.strata.spi.AccessMode;
import io.strata.spi.Clones;
import io.strata.spi.ErrorCode;
import io.strata.spi.MetadataArea;
import io.strata.spi.Replacement;
import io.strata.spi.Repository;
import io.strata.spi.Snapshots;
import io.strata.spi.SpaceStat;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import io.strata.spi.Volume;
import io.strata.spi.VolumeSpec;
import io.strata.store.NoSpaceException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// The simulated array as a repository.
final class ArrayRepository implements Repository {
  private static final long ROUNDING_BYTES = 1L << 20;
  private static final long LARGEST_BYTES = 16L << 40;

  private final SimulatedArray array;

  /// Devices handed out, and how.
  private final Map<BlockDevice, AccessMode> open = new ConcurrentHashMap<>();

  ArrayRepository(SimulatedArray array) {
    this.array = array;
  }

  @FunctionalInterface
  private interface Work<T> {
    T run() throws IOException, StorageException;
  }

  private static <T> T translated(String failure, Work<T> work) throws StorageException {
    try {
      return work.run();
    } catch (IOException failed) {
      ErrorCode code =
          switch (failed) {
            case NoSuchFileException _ -> ErrorCode.VDI_MISSING;
            case NoSpaceException _ -> ErrorCode.SR_NO_SPACE;
            default -> ErrorCode.IO_ERROR;
          };
      throw new StorageException(
          code, failure + ": " + failed + ".", "Scan the SR to see what it holds.", failed);
    }
  }

  @Override
  public SpaceStat stat() {
    return array.space();
  }

  @Override
  public List<Volume> scan() throws StorageException {
    List<Volume> volumes = new ArrayList<>();
    for (VdiUuid vdi : array.volumes()) {
      volumes.add(translated("VDI " + vdi + " can't be read", () -> describe(vdi)));
    }
    return volumes;
  }

  @Override
  public Optional<Volume> volume(VdiUuid vdi) throws StorageException {
    return array.exists(vdi)
        ? Optional.of(translated("VDI " + vdi + " can't be read", () -> describe(vdi)))
        : Optional.empty();
  }

  private Volume describe(VdiUuid vdi) throws IOException {
    return new Volume(
        vdi,
        Volume.Kind.ARRAY,
        array.sizeBytes(vdi),
        array.physicalBytes(vdi),
        false,
        Optional.empty(),
        "",
        Optional.empty());
  }

  /// The kind asked for does not matter: an array keeps every volume its own way.
  @Override
  public Volume create(VdiUuid vdi, VolumeSpec spec) throws StorageException {
    long size = rounded(vdi, spec.sizeBytes());
    return translated(
        "VDI " + vdi + " can't be created",
        () -> {
          if (!array.exists(vdi)) {
            array.create(vdi, size);
          } else if (array.sizeBytes(vdi) != size) {
            throw new StorageException(
                ErrorCode.VDI_EXISTS,
                "A volume " + vdi + " of " + array.sizeBytes(vdi) + " bytes is there already.",
                "Choose another UUID.");
          }
          return describe(vdi);
        });
  }

  private static long rounded(VdiUuid vdi, long sizeBytes) throws StorageException {
    if (sizeBytes <= 0 || sizeBytes > LARGEST_BYTES) {
      throw new StorageException(
          ErrorCode.VDI_SIZE,
          "VDI " + vdi + " can't have a size of " + sizeBytes + " bytes.",
          "Choose a size from 1 byte to " + LARGEST_BYTES + " bytes (16 TiB).");
    }
    return Math.ceilDiv(sizeBytes, ROUNDING_BYTES) * ROUNDING_BYTES;
  }

  @Override
  public void delete(VdiUuid vdi) throws StorageException {
    requireFree(vdi, AccessMode.RW);
    translated(
        "VDI " + vdi + " can't be deleted",
        () -> {
          array.delete(vdi);
          return vdi;
        });
  }

  @Override
  public synchronized BlockDevice open(VdiUuid vdi, AccessMode mode) throws StorageException {
    requireFree(vdi, mode);
    return translated("VDI " + vdi + " can't be opened", () -> hand(vdi, mode));
  }

  private BlockDevice hand(VdiUuid vdi, AccessMode mode) throws IOException {
    BlockDevice[] self = new BlockDevice[1];
    ArrayVolume device =
        new ArrayVolume(array, vdi, mode == AccessMode.RO, () -> open.remove(self[0]));
    self[0] = device;
    open.put(device, mode);
    return device;
  }

  private void requireFree(VdiUuid vdi, AccessMode mode) throws StorageException {
    for (Map.Entry<BlockDevice, AccessMode> other : open.entrySet()) {
      if (other.getKey() instanceof ArrayVolume volume
          && volume.vdi().equals(vdi)
          && (mode == AccessMode.RW || other.getValue() == AccessMode.RW)) {
        throw new StorageException(
            ErrorCode.VDI_IN_USE, "VDI " + vdi + " is open already.", "Detach it first.");
      }
    }
  }

  private Optional<BlockDevice> device(VdiUuid vdi) {
    return open.keySet().stream()
        .filter(d -> d instanceof ArrayVolume volume && volume.vdi().equals(vdi))
        .findFirst();
  }

  @Override
  public Replacement resize(VdiUuid vdi, long sizeBytes) throws StorageException {
    long size = rounded(vdi, sizeBytes);
    return translated(
        "VDI " + vdi + " can't be resized",
        () -> {
          long before = array.sizeBytes(vdi);
          if (sizeBytes < before) {
            throw new StorageException(
                ErrorCode.VDI_SIZE,
                "VDI " + vdi + " has " + before + " bytes and can't shrink to " + sizeBytes + ".",
                "Choose a larger size.");
          }
          if (size == before) {
            return Replacement.none();
          }
          array.resize(vdi, size);
          Optional<BlockDevice> dead = device(vdi);
          if (dead.isEmpty()) {
            return Replacement.none();
          }
          AccessMode mode = open.remove(dead.get());
          return Replacement.of(hand(vdi, mode == null ? AccessMode.RO : mode));
        });
  }

  @Override
  public Optional<Snapshots> snapshots() {
    return Optional.of(new ArraySnapshots());
  }

  @Override
  public Optional<Clones> clones() {
    return Optional.of(spec -> {
      for (Map.Entry<BlockDevice, AccessMode> other : open.entrySet()) {
        if (other.getValue() == AccessMode.RW
            && other.getKey() instanceof ArrayVolume volume
            && volume.vdi().equals(spec.source())) {
          throw new StorageException(
              ErrorCode.VDI_IN_USE,
              "VDI " + spec.source() + " is open for writing and can't be cloned.",
              "Detach it first.");
        }
      }
      copy(spec.source(), spec.copy());
    });
  }

  private void copy(VdiUuid source, VdiUuid copy) throws StorageException {
    translated(
        "VDI " + source + " can't be copied",
        () -> {
          if (!array.exists(copy)) {
            array.copy(source, copy);
          }
          return copy;
        });
  }

  /// Snapshots that the array makes by itself.
  private final class ArraySnapshots implements Snapshots {

    @Override
    public Prepared prepare(SnapshotSpec spec) throws StorageException {
      translated("VDI can't be snapshotted", () -> array.sizeBytes(spec.source()));
      return new Prepared() {
        @Override
        public Replacement commit() throws StorageException {
          Optional<BlockDevice> device = device(spec.source()).filter(d -> !d.readOnly());
          if (device.isPresent()) {
            // Barrier: an array copies what it was given, not what a host still has in its caches.
            translated(
                "VDI " + spec.source() + " can't be flushed",
                () -> {
                  device.get().flush();
                  return spec;
                });
          }
          copy(spec.source(), spec.snapshot());
          return Replacement.none();
        }

        @Override
        public void abandon() {}
      };
    }

    @Override
    public boolean recover(SnapshotSpec spec) {
      return array.exists(spec.snapshot());
    }

    @Override
    public void revert(VdiUuid volume, VdiUuid snapshot, VdiUuid displaced)
        throws StorageException {
      requireFree(volume, AccessMode.RW);
      translated(
          "VDI " + volume + " can't be reverted",
          () -> {
            array.revert(volume, snapshot);
            return volume;
          });
    }
  }

  @Override
  public MetadataArea metadata() {
    return new MetadataArea() {
      @Override
      public Optional<byte[]> read() throws StorageException {
        return translated("The SR's description can't be read", array.names()::readMetadata);
      }

      @Override
      public void write(byte[] content) throws StorageException {
        if (content.length > MAX_BYTES) {
          throw new StorageException(
              ErrorCode.METADATA_ERROR,
              "The SR's description has " + content.length + " bytes, more than " + MAX_BYTES + ".",
              "Shorten names and descriptions.");
        }
        translated(
            "The SR's description can't be written",
            () -> {
              array.names().writeMetadata(content);
              return content;
            });
      }
    };
  }

  @Override
  public void close() throws StorageException {
    translated(
        "The simulated array can't be closed",
        () -> {
          array.close();
          return array;
        });
  }
}
