// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Findings as they come in: of each kind so many that no kind hides another.
final class Findings {
  private final List<Finding> kept = new ArrayList<>();
  private final Map<Class<?>, Long> ofKind = new HashMap<>();
  private final Set<Finding> mended = new HashSet<>();
  private final int most;
  private long more;

  /// @param most of each kind
  Findings(int most) {
    this.most = most;
  }

  void add(Finding finding) {
    if (ofKind.merge(finding.getClass(), 1L, Long::sum) <= most) {
      kept.add(finding);
    } else {
      more++;
    }
  }

  /// Whether there are more of some kind than are kept.
  boolean full() {
    return most == 0 || more > 0;
  }

  /// Takes down which of those that were added a repair mends.
  void mended(Set<Finding> findings) {
    mended.addAll(findings);
  }

  Set<Finding> mended() {
    return mended;
  }

  List<Finding> kept() {
    return kept;
  }

  long more() {
    return more;
  }
}
