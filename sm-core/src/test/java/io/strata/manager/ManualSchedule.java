// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// A schedule whose rounds come when a test says so.
final class ManualSchedule implements Schedule {
  private final List<Runnable> works = new CopyOnWriteArrayList<>();

  @Override
  public Round every(Duration interval, String name, Runnable work) {
    works.add(work);
    return () -> works.remove(work);
  }

  /// What has been scheduled and not ended.
  int works() {
    return works.size();
  }

  /// One interval passes.
  void round() {
    works.forEach(Runnable::run);
  }
}
