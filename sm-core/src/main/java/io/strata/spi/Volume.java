// SPDX-License-Identifier: Apache-2.0
package io.strata.spi;

import java.util.Optional;

/// A volume as the storage knows it.
///
/// @param uuid its identity
/// @param kind how the bytes are kept
/// @param virtualSizeBytes size a guest sees
/// @param physicalBytes storage it takes by itself, without its parents
/// @param hidden whether it is only the base of others and is no VDI
/// @param parent the node it depends on
/// @param version names what the volume is made of and its content; changes with either. Says
///   nothing of a volume that is being written to
/// @param problem why it can't be used, where it can't
public record Volume(
    VdiUuid uuid,
    Kind kind,
    long virtualSizeBytes,
    long physicalBytes,
    boolean hidden,
    Optional<VdiUuid> parent,
    String version,
    Optional<String> problem) {

  /// The same volume, hidden or not.
  public Volume withHidden(boolean now) {
    return new Volume(uuid, kind, virtualSizeBytes, physicalBytes, now, parent, version, problem);
  }

  /// How the bytes are kept.
  public enum Kind {
    /// A VHD, perhaps with parents.
    VHD,
    /// Plain bytes.
    RAW,
    /// A LUN or volume that an array keeps.
    ARRAY
  }
}
