// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import java.util.ArrayList;
import java.util.List;

/// What an exploration found.
final class CrashReport {
  private static final int KEPT_VIOLATIONS = 5;

  private long states;
  private long nestedStates;
  private long violations;
  private final List<String> first = new ArrayList<>();

  void tried(boolean nested) {
    states++;
    if (nested) {
      nestedStates++;
    }
  }

  void violated(String description) {
    violations++;
    if (first.size() < KEPT_VIOLATIONS) {
      first.add(description);
    }
  }

  void add(CrashReport other) {
    states += other.states;
    nestedStates += other.nestedStates;
    violations += other.violations;
    other.first.stream().limit(KEPT_VIOLATIONS - first.size()).forEach(first::add);
  }

  /// Crash states tried, those inside a recovery included.
  long states() {
    return states;
  }

  /// Crash states tried inside a recovery.
  long nestedStates() {
    return nestedStates;
  }

  long violations() {
    return violations;
  }

  /// The first violations, with the exact order of what survived.
  List<String> first() {
    return List.copyOf(first);
  }

  @Override
  public String toString() {
    String line =
        "crash states tried: %d (inside a recovery: %d), violations: %d"
            .formatted(states, nestedStates, violations);
    return first.isEmpty() ? line : line + "\n" + String.join("\n", first);
  }
}
