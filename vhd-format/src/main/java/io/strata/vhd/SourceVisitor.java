// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import io.strata.block.Extent;

/// Receives runs of a chain's disk, in ascending order, with the image that holds each.
@FunctionalInterface
public interface SourceVisitor {

  /// @param location the image that holds the run; empty where none does and it reads as zeroes
  /// @return whether to go on
  boolean visit(long offsetBytes, long lengthBytes, Extent.Kind kind, String location);
}
