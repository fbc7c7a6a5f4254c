// SPDX-License-Identifier: Apache-2.0
package io.strata.crash.kill;

import io.strata.spi.VdiUuid;
import java.io.IOException;
import java.util.Optional;

/// A snapshot, and what it must hold.
///
/// @param origin the disk it is of, which may be gone
record Snapshot(VdiUuid vdi, VdiUuid origin, FrozenDisk frozen) {

  /// Reads it, and checks it.
  ///
  /// @return what it holds
  FrozenDisk look(Verbs api) throws IOException {
    Optional<long[]> stamps = Attachments.read(api, vdi, frozen.name());
    if (stamps.isPresent()) {
      frozen.check(stamps.get());
    } else if (!frozen.settled()) {
      throw new Violation(frozen.name() + " can't be attached");
    }
    return frozen;
  }
}
