// SPDX-License-Identifier: Apache-2.0
package io.strata.nbd;

import io.strata.block.BlockDevice;
import io.strata.block.Extent;
import io.strata.block.ExtentVisitor;
import java.io.IOException;

/// Extents of a range as descriptors of `base:allocation`: adjoining ones of the same state are
/// one, and there is a bound to their number.
///
/// For one thread; used again for each request.
final class BlockStatus implements ExtentVisitor {
  /// So many fit into a batch of replies with room to spare.
  static final int MAX_DESCRIPTORS = 4_096;

  private final int[] lengths = new int[MAX_DESCRIPTORS];
  private final int[] states = new int[MAX_DESCRIPTORS];
  private int count;
  private int bound;

  /// Asks a device. Lengths are unsigned: a range is shorter than 4 GiB.
  ///
  /// @param most how many descriptors to find at most
  void query(BlockDevice device, long offsetBytes, long lengthBytes, int most) throws IOException {
    count = 0;
    bound = most;
    device.extents(offsetBytes, lengthBytes, this);
    if (count == 0) {
      throw new IOException(
          "the device reports no extent at %d of %d bytes".formatted(offsetBytes, lengthBytes));
    }
  }

  @Override
  public boolean visit(long offsetBytes, long lengthBytes, Extent.Kind kind) {
    int state = stateOf(kind);
    if (count > 0 && states[count - 1] == state) {
      lengths[count - 1] += (int) lengthBytes;
      return true;
    }
    if (count == bound) {
      return false;
    }
    lengths[count] = (int) lengthBytes;
    states[count] = state;
    count++;
    return true;
  }

  private static int stateOf(Extent.Kind kind) {
    return switch (kind) {
      case DATA -> 0;
      case ZERO -> NbdWire.STATE_ZERO;
      case HOLE -> NbdWire.STATE_HOLE | NbdWire.STATE_ZERO;
    };
  }

  int count() {
    return count;
  }

  /// Length in bytes, unsigned.
  int length(int index) {
    return lengths[index];
  }

  int state(int index) {
    return states[index];
  }

  /// Whether the extent reads as zeroes.
  boolean zero(int index) {
    return (states[index] & NbdWire.STATE_ZERO) != 0;
  }
}
