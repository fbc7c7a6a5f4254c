// SPDX-License-Identifier: Apache-2.0
package io.strata.host;

import java.nio.file.Path;

/// Tells whether someone has a block device open exclusively.
@FunctionalInterface
interface ExclusiveUse {
  /// Nobody, as on a recorded host.
  ExclusiveUse NOBODY = device -> false;

  /// Whether the kernel refuses to open the device exclusively because someone else has it so.
  boolean of(Path device);
}
