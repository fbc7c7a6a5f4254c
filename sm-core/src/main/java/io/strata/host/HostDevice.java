// SPDX-License-Identifier: Apache-2.0
package io.strata.host;

import java.nio.file.Path;
import java.util.List;

/// A block device of the host on which something can be put.
public sealed interface HostDevice permits Disk, Partition {
  /// The kernel's name: `sda`, `nvme0n1p2`.
  String name();

  /// Its number.
  DeviceNumber number();

  /// Its file.
  Path device();

  /// Size in bytes.
  long sizeBytes();

  /// Whether every write is refused.
  boolean readOnly();

  /// Why it is not free.
  List<InUse> uses();

  /// Whether nothing uses it.
  default boolean free() {
    return uses().isEmpty();
  }

  /// Whether the host itself runs from it.
  default boolean isRoot() {
    return uses().stream().anyMatch(InUse.RootDisk.class::isInstance);
  }
}
