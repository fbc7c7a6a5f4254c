// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import io.strata.spi.Volume;

/// Virtual sizes, in bytes.
final class Sizes {
  private static final long MIB = 1L << 20;
  private static final long GIB = 1L << 30;

  /// A VDI's size is a multiple of this: a VHD block.
  static final long STEP_BYTES = 2 * MIB;

  /// Largest VHD. Source: the field's limit, 2040 GiB.
  static final long LARGEST_VHD_BYTES = 2040 * GIB;

  /// Largest disk of any other kind.
  static final long LARGEST_BYTES = 64 * 1024 * GIB;

  private Sizes() {}

  /// The size that a VDI gets when this one is asked for.
  ///
  /// @throws StorageException [ErrorCode#VDI_SIZE]
  static long roundUp(long sizeBytes, Volume.Kind kind) throws StorageException {
    long largest = kind == Volume.Kind.VHD ? LARGEST_VHD_BYTES : LARGEST_BYTES;
    if (sizeBytes <= 0 || sizeBytes > largest) {
      throw new StorageException(
          ErrorCode.VDI_SIZE,
          "A virtual size of " + sizeBytes + " bytes is not possible.",
          "Give 1 to " + largest + " bytes (" + largest / GIB + " GiB).");
    }
    return (sizeBytes + STEP_BYTES - 1) / STEP_BYTES * STEP_BYTES;
  }
}
