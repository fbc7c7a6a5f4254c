// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import io.strata.block.Extent.Kind;
import io.strata.block.ExtentVisitor;
import org.jspecify.annotations.Nullable;

/// Joins adjoining extents of one kind before they are reported.
final class ExtentMerger {
  private final ExtentVisitor visitor;
  private long start;
  private long length;
  private @Nullable Kind kind;
  private boolean wanted = true;

  ExtentMerger(ExtentVisitor visitor) {
    this.visitor = visitor;
  }

  /// Takes the next extent.
  ///
  /// @return whether more is wanted
  boolean add(long offsetBytes, long lengthBytes, Kind next) {
    if (next == kind) {
      length += lengthBytes;
      return wanted;
    }
    report();
    start = offsetBytes;
    length = lengthBytes;
    kind = next;
    return wanted;
  }

  boolean wanted() {
    return wanted;
  }

  void finish() {
    report();
    kind = null;
  }

  private void report() {
    if (kind != null && wanted) {
      wanted = visitor.visit(start, length, kind);
    }
  }
}
