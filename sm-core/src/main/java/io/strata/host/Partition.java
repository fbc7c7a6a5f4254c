// SPDX-License-Identifier: Apache-2.0
package io.strata.host;

import java.nio.file.Path;
import java.util.List;

/// A part of a disk that the partition table names.
///
/// @param index its number in the table
/// @param startBytes where it begins on the disk
/// @param uses why it is not free
public record Partition(
    String name,
    DeviceNumber number,
    Path device,
    int index,
    long startBytes,
    long sizeBytes,
    boolean readOnly,
    List<InUse> uses)
    implements HostDevice {

  public Partition {
    uses = List.copyOf(uses);
  }
}
