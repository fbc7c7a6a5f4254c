// SPDX-License-Identifier: Apache-2.0
package io.strata.block;

/// A run of bytes of one allocation kind.
///
/// @param offsetBytes first byte
/// @param lengthBytes length, greater than 0
/// @param kind what the run holds
public record Extent(long offsetBytes, long lengthBytes, Kind kind) {

  /// Allocation of a run (NBD's base:allocation states).
  public enum Kind {
    /// Allocated, with content of any value.
    DATA,
    /// Allocated, and reads as zeroes.
    ZERO,
    /// Not allocated; reads as zeroes.
    HOLE
  }

  /// First byte after the run.
  public long endBytes() {
    return offsetBytes + lengthBytes;
  }
}
