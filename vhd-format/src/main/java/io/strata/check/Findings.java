// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import java.util.ArrayList;
import java.util.List;

/// Findings as they come in, within a bound.
final class Findings {
  private final List<Finding> kept = new ArrayList<>();
  private final int most;
  private long more;

  Findings(int most) {
    this.most = most;
  }

  void add(Finding finding) {
    if (kept.size() < most) {
      kept.add(finding);
    } else {
      more++;
    }
  }

  /// Whether no more are kept.
  boolean full() {
    return kept.size() >= most;
  }

  List<Finding> kept() {
    return kept;
  }

  long more() {
    return more;
  }
}
