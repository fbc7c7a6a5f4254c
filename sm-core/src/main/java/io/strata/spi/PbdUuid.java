// SPDX-License-Identifier: Apache-2.0
package io.strata.spi;

import java.util.UUID;

/// Identity of a PBD: the connection of one host to one SR.
public record PbdUuid(UUID value) implements Comparable<PbdUuid> {

  /// A new random identity.
  public static PbdUuid random() {
    return new PbdUuid(UUID.randomUUID());
  }

  /// Reads the canonical form of 36 characters.
  ///
  /// @throws StorageException [ErrorCode#BAD_REQUEST] for anything else
  public static PbdUuid parse(String text) throws StorageException {
    return new PbdUuid(Uuids.parse("PBD", text));
  }

  @Override
  public int compareTo(PbdUuid other) {
    return value.toString().compareTo(other.value.toString());
  }

  @Override
  public String toString() {
    return value.toString();
  }
}
