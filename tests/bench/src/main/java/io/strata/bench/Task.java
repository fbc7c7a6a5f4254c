// SPDX-License-Identifier: Apache-2.0
package io.strata.bench;

import java.io.Serializable;

/// Something that several subjects do.
///
/// @param unit of its figures
/// @param moreIsBetter whether a higher figure is the better one
record Task(String name, String unit, boolean moreIsBetter) implements Serializable {

  static Task rate(String name, String unit) {
    return new Task(name, unit, true);
  }

  static Task cost(String name, String unit) {
    return new Task(name, unit, false);
  }

  /// How many times better than a peer's figure one is.
  double ratio(double own, double peer) {
    return moreIsBetter ? own / peer : peer / own;
  }
}
