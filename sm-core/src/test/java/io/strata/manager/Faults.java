// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

import io.strata.spi.ErrorCode;
import io.strata.spi.StorageException;
import java.util.HashSet;
import java.util.Set;

/// Lets the storage fail, and the daemon die, at named points.
final class Faults implements Failpoints {
  private final Set<String> failing = new HashSet<>();
  private volatile String deadlyPoint = "";
  private final Set<String> passed = new HashSet<>();
  private volatile String heeded = "";
  private volatile Runnable then = () -> {};

  /// The daemon's death. No compensation runs for an Error.
  static final class Death extends Error {
    private static final long serialVersionUID = 1L;

    Death(String point) {
      super(point);
    }
  }

  synchronized void fail(String point) {
    failing.add(point);
  }

  synchronized void heal() {
    failing.clear();
    deadlyPoint = "";
  }

  void dieAt(String point) {
    deadlyPoint = point;
  }

  /// Runs something each time that a point is passed.
  void whenPassing(String point, Runnable action) {
    then = action;
    heeded = point;
  }

  synchronized void forget() {
    passed.clear();
  }

  /// Every failpoint that was passed.
  synchronized Set<String> passed() {
    return Set.copyOf(passed);
  }

  /// A storage call is about to happen.
  synchronized void before(String point) throws StorageException {
    if (failing.contains(point)) {
      throw new StorageException(ErrorCode.IO_ERROR, "Fault at " + point + ".", "Heal it.");
    }
  }

  @Override
  public void hit(String name) {
    synchronized (this) {
      passed.add(name);
    }
    if (name.equals(heeded)) {
      then.run();
    }
    if (name.equals(deadlyPoint)) {
      deadlyPoint = "";
      throw new Death(name);
    }
  }
}
