// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import io.strata.block.Extent.Kind;

/// Joins adjoining runs of the same image before a visitor sees them.
final class SourceMerger {
  private final SourceVisitor visitor;
  private long offsetBytes;
  private long lengthBytes;
  private Kind kind = Kind.HOLE;
  private String location = "";
  private boolean wanted = true;

  SourceMerger(SourceVisitor visitor) {
    this.visitor = visitor;
  }

  /// Whether the visitor wants more.
  boolean wanted() {
    return wanted;
  }

  void add(long offset, long length, Kind nextKind, String nextLocation) {
    if (lengthBytes > 0 && (nextKind != kind || !nextLocation.equals(location))) {
      finish();
    }
    if (lengthBytes == 0) {
      offsetBytes = offset;
      kind = nextKind;
      location = nextLocation;
    }
    lengthBytes += length;
  }

  /// Reports the run that is still open.
  void finish() {
    if (wanted && lengthBytes > 0) {
      wanted = visitor.visit(offsetBytes, lengthBytes, kind, location);
    }
    lengthBytes = 0;
  }
}
