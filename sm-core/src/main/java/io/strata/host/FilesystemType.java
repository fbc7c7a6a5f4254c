// SPDX-License-Identifier: Apache-2.0
package io.strata.host;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/// A filesystem that a disk can be formatted with.
public enum FilesystemType {
  /// Fourth extended filesystem. Nothing is reserved for root: the SR has it all.
  EXT4("ext4", 16) {
    @Override
    List<String> mkfs(UUID uuid, String label, String device) {
      return List.of(
          "mkfs.ext4", "-q", "-F", "-m", "0", "-L", label, "-U", uuid.toString(), device);
    }
  },
  /// XFS; needs at least 300 MiB.
  XFS("xfs", 12) {
    @Override
    List<String> mkfs(UUID uuid, String label, String device) {
      return List.of("mkfs.xfs", "-q", "-f", "-L", label, "-m", "uuid=" + uuid, device);
    }
  };

  private final String kernelName;
  private final int maxLabelBytes;

  FilesystemType(String kernelName, int maxLabelBytes) {
    this.kernelName = kernelName;
    this.maxLabelBytes = maxLabelBytes;
  }

  /// The command that formats a device, whatever it holds.
  abstract List<String> mkfs(UUID uuid, String label, String device);

  /// The name that the kernel and users know.
  public String kernelName() {
    return kernelName;
  }

  /// How long a label may be.
  public int maxLabelBytes() {
    return maxLabelBytes;
  }

  /// The filesystem of that name.
  public static Optional<FilesystemType> named(String name) {
    return Stream.of(values()).filter(type -> type.kernelName.equals(name)).findFirst();
  }
}
