// SPDX-License-Identifier: Apache-2.0
package io.strata.spi;

import java.util.UUID;

/// Identity of a host.
public record HostUuid(UUID value) implements Comparable<HostUuid> {

  /// A new random identity.
  public static HostUuid random() {
    return new HostUuid(UUID.randomUUID());
  }

  /// Reads the canonical form of 36 characters.
  ///
  /// @throws StorageException [ErrorCode#BAD_REQUEST] for anything else
  public static HostUuid parse(String text) throws StorageException {
    return new HostUuid(Uuids.parse("host", text));
  }

  @Override
  public int compareTo(HostUuid other) {
    return value.toString().compareTo(other.value.toString());
  }

  @Override
  public String toString() {
    return value.toString();
  }
}
