// SPDX-License-Identifier: Apache-2.0
package io.strata.toolstack.cli;

import io.strata.spi.StorageException;
import io.strata.toolstack.ByteSize;
import picocli.CommandLine.TypeConversionException;

/// A size on a tool's command line.
record ByteCount(long bytes) {
  static ByteCount parse(String typed) {
    try {
      return new ByteCount(ByteSize.parse(typed));
    } catch (StorageException e) {
      throw new TypeConversionException(e.what() + " " + e.remedy());
    }
  }
}
