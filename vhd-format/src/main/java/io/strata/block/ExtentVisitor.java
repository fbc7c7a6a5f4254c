// SPDX-License-Identifier: Apache-2.0
package io.strata.block;

/// Receives extents in ascending order.
@FunctionalInterface
public interface ExtentVisitor {

  /// @return whether to go on
  boolean visit(long offsetBytes, long lengthBytes, Extent.Kind kind);
}
