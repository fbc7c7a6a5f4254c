// SPDX-License-Identifier: Apache-2.0
package io.strata.host;

import java.nio.file.Path;
import java.util.List;

/// A whole disk.
///
/// @param rotational whether it has platters that turn
/// @param removable whether its medium can be taken out
/// @param partitions in the order of their numbers
/// @param uses why the disk itself is not free; its partitions have their own
public record Disk(
    String name,
    DeviceNumber number,
    Path device,
    Bus bus,
    DiskIdentity identity,
    long sizeBytes,
    BlockSizes blockSizes,
    boolean rotational,
    boolean removable,
    boolean readOnly,
    List<Partition> partitions,
    List<InUse> uses)
    implements HostDevice {

  public Disk {
    partitions = List.copyOf(partitions);
    uses = List.copyOf(uses);
  }

  /// Whether the host itself runs from the disk or a partition of it.
  public boolean isRootDisk() {
    return isRoot() || partitions.stream().anyMatch(Partition::isRoot);
  }

  /// Whether neither the disk nor any of its partitions is in use.
  public boolean whollyFree() {
    return free() && partitions.stream().allMatch(Partition::free);
  }
}
