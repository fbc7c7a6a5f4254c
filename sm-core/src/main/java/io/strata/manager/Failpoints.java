// SPDX-License-Identifier: Apache-2.0
package io.strata.manager;

/// Named places between the steps of an operation, where a test may end the daemon's life.
@FunctionalInterface
public interface Failpoints {
  /// Never breaks in.
  Failpoints NONE = name -> {};

  /// Says that the step `name` is done.
  ///
  /// @param name `operation.step`: `vdi-snapshot.committed`
  void hit(String name);
}
