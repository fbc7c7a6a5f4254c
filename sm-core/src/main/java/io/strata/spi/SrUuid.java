// SPDX-License-Identifier: Apache-2.0
package io.strata.spi;

import java.util.UUID;

/// Identity of a storage repository.
public record SrUuid(UUID value) implements Comparable<SrUuid> {

  /// A new random identity.
  public static SrUuid random() {
    return new SrUuid(UUID.randomUUID());
  }

  /// Reads the canonical form of 36 characters.
  ///
  /// @throws StorageException [ErrorCode#BAD_REQUEST] for anything else
  public static SrUuid parse(String text) throws StorageException {
    return new SrUuid(Uuids.parse("SR", text));
  }

  @Override
  public int compareTo(SrUuid other) {
    return value.toString().compareTo(other.value.toString());
  }

  @Override
  public String toString() {
    return value.toString();
  }
}
