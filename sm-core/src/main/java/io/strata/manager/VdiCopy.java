// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.spi.SrUuid;
import io.strata.spi.VdiUuid;
import java.util.Optional;

/// Request of `vdi-copy`: a full, sparse copy, within an SR or to another. Exactly one target.
///
/// @param sr the SR for a new VDI
/// @param intoVdi an existing VDI, at least as large, that is not in use
/// @param base a VDI of the source's SR whose content `intoVdi` has: only what differs from it is
///   copied
/// @param nameLabel name of a new VDI; absent: the source's
/// @param verify whether the copy is read back and compared
public record VdiCopy(
    VdiUuid source,
    Optional<SrUuid> sr,
    Optional<VdiUuid> intoVdi,
    Optional<VdiUuid> base,
    Optional<String> nameLabel,
    boolean verify,
    ProgressListener progress) {

  /// A copy that is not read back.
  public VdiCopy(
      VdiUuid source,
      Optional<SrUuid> sr,
      Optional<VdiUuid> intoVdi,
      Optional<String> nameLabel,
      ProgressListener progress) {
    this(source, sr, intoVdi, Optional.empty(), nameLabel, false, progress);
  }
}
