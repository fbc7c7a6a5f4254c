// SPDX-License-Identifier: Apache-2.0
package io.strata.crash;

import java.util.ArrayList;
import java.util.List;

/// Everything whose crashes are explored.
final class Workloads {
  private Workloads() {}

  static List<CrashWorkload> all() {
    List<CrashWorkload> all = new ArrayList<>(List.of(VhdWorkload.values()));
    all.add(new RepositoryWorkload());
    all.add(new CoalesceWorkload());
    all.add(new RevertWorkload());
    return List.copyOf(all);
  }
}
