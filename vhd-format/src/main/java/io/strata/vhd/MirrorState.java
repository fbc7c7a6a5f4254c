// SPDX-License-Identifier: Apache-2.0
package io.strata.vhd;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// How far a merge of a running disk is, see [MirroredLeaf]. Nothing follows on `BROKEN_OFF`: the
/// parent lacks a change that the guest was told is made.
///
/// Thread-safe.
final class MirrorState {
  enum State {
    COPYING,
    ALIKE,
    BROKEN_OFF
  }

  private final AtomicReference<State> state = new AtomicReference<>(State.COPYING);

  /// Why the parent can't follow; null where it can.
  private volatile @Nullable Exception parentFailure;

  State now() {
    return state.get();
  }

  boolean copying() {
    return now() == State.COPYING;
  }

  boolean alike() {
    return now() == State.ALIKE;
  }

  /// @return whether the state was `COPYING` and is `ALIKE` now
  boolean becomeAlike() {
    return state.compareAndSet(State.COPYING, State.ALIKE);
  }

  void breakOff() {
    state.set(State.BROKEN_OFF);
  }

  /// Breaks off, since the parent did not take a change.
  void parentFailed(Exception failure) {
    parentFailure = failure;
    breakOff();
  }

  /// What the last [#parentFailed] said; null where there was none.
  @Nullable Exception parentFailure() {
    return parentFailure;
  }
}
