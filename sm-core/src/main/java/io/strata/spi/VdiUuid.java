// SPDX-License-Identifier: Apache-2.0
package io.strata.spi;

import java.util.UUID;

/// Identity of a virtual disk, a snapshot or a hidden base node.
public record VdiUuid(UUID value) implements Comparable<VdiUuid> {

  /// A new random identity.
  public static VdiUuid random() {
    return new VdiUuid(UUID.randomUUID());
  }

  /// Reads the canonical form of 36 characters.
  ///
  /// @throws StorageException [ErrorCode#BAD_REQUEST] for anything else
  public static VdiUuid parse(String text) throws StorageException {
    return new VdiUuid(Uuids.parse("VDI", text));
  }

  @Override
  public int compareTo(VdiUuid other) {
    return value.toString().compareTo(other.value.toString());
  }

  @Override
  public String toString() {
    return value.toString();
  }
}
