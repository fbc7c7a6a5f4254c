// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import java.io.IOException;
import java.nio.file.Path;

/// The daemon's own folder has no room for an image on its way in or out.
final class SpoolFullException extends IOException {
  private static final long serialVersionUID = 1L;

  SpoolFullException(Path folder, IOException cause) {
    super("no space is left in " + folder, cause);
  }
}
