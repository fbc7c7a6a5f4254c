// SPDX-License-Identifier: Apache-2.0
package io.strata.store;

import java.io.IOException;
import java.nio.file.Path;

/// The folder that an SR was attached from is not at its place any more, or another one is.
public final class FolderGoneException extends IOException {
  private static final long serialVersionUID = 1L;

  public FolderGoneException(Path folder) {
    super(folder + " is not the folder any more that the SR was attached from");
  }
}
