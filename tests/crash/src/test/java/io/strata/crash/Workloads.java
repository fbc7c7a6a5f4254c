// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import java.util.ArrayList;
import java.util.List;

/// Everything whose crashes are explored.
final class Workloads {
  private Workloads() {}

  static List<CrashWorkload> all() {
    List<CrashWorkload> all = new ArrayList<>(List.of(VhdWorkload.values()));
    all.addAll(ofRepositories());
    return List.copyOf(all);
  }

  /// Those whose recovery takes steps of its own.
  static List<CrashWorkload> ofRepositories() {
    return List.of(new RepositoryWorkload(), new CoalesceWorkload(), new RevertWorkload());
  }
}
