// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import java.util.Optional;

/// Type of a VHD (footer offset 60).
public enum DiskType {
  /// The whole disk, then the footer.
  FIXED(2),
  /// Blocks on demand; absent sectors read as zeroes.
  DYNAMIC(3),
  /// Blocks on demand; absent sectors read from the parent.
  DIFFERENCING(4);

  private final int code;

  DiskType(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }

  static Optional<DiskType> ofCode(int code) {
    for (DiskType type : values()) {
      if (type.code == code) {
        return Optional.of(type);
      }
    }
    return Optional.empty();
  }
}
