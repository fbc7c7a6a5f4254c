// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import io.strata.block.BlockDevice;
import io.strata.spi.AccessMode;
import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import io.strata.spi.VdiUuid;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/// The devices that a repository has handed out. One writer of a volume, or any number of readers.
final class OpenVolumes {
  /// Guarded by itself. Compared by identity, as devices are.
  private final Set<OpenVolume> open = new HashSet<>();

  /// Throws where opening would put a writer beside another user.
  void requireFree(VdiUuid vdi, AccessMode mode) throws StorageException {
    synchronized (open) {
      for (OpenVolume other : open) {
        if (other.vdi().equals(vdi) && (mode == AccessMode.RW || other.mode() == AccessMode.RW)) {
          throw inUse(vdi, "is open for " + words(other.mode()));
        }
      }
    }
  }

  OpenVolume add(VdiUuid vdi, AccessMode mode, BlockDevice below) {
    OpenVolume added = new OpenVolume(vdi, mode, below, this);
    synchronized (open) {
      open.add(added);
    }
    return added;
  }

  /// Puts a device in another one's place, which is dead then.
  OpenVolume exchange(OpenVolume dead, BlockDevice below) {
    synchronized (open) {
      open.remove(dead);
      return add(dead.vdi(), dead.mode(), below);
    }
  }

  /// @return whether it was there
  boolean remove(OpenVolume closed) {
    synchronized (open) {
      return open.remove(closed);
    }
  }

  /// Whether a device is open still.
  boolean has(OpenVolume device) {
    synchronized (open) {
      return open.contains(device);
    }
  }

  /// The writable device of a volume.
  Optional<OpenVolume> writer(VdiUuid vdi) {
    synchronized (open) {
      return open.stream()
          .filter(o -> o.vdi().equals(vdi) && o.mode() == AccessMode.RW)
          .findFirst();
    }
  }

  /// Whether the volume has a device, writable or not.
  boolean isOpen(VdiUuid vdi) {
    synchronized (open) {
      return open.stream().anyMatch(o -> o.vdi().equals(vdi));
    }
  }

  int count() {
    synchronized (open) {
      return open.size();
    }
  }

  static StorageException inUse(VdiUuid vdi, String how) {
    return new StorageException(
        ErrorCode.VDI_IN_USE, "VDI " + vdi + " " + how + ".", "Detach it first.");
  }

  private static String words(AccessMode mode) {
    return mode == AccessMode.RW ? "writing" : "reading";
  }
}
