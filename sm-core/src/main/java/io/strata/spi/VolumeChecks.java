// SPDX-License-Identifier: Apache-2.0
package io.strata.spi;

import java.util.List;
import java.util.Optional;

/// Facet: the repository can look for damage in what it keeps.
public interface VolumeChecks {

  /// Looks at a volume by itself, and at its link to its parent. Writes nothing.
  ///
  /// @param data whether to read the data too, and not the metadata alone
  /// @return what is not as it should be; empty where the volume can't be looked at now, because it
  ///   is being written to or is gone
  /// @throws StorageException where the medium fails; damage is a finding
  Optional<List<VolumeFinding>> check(VdiUuid volume, boolean data) throws StorageException;
}
